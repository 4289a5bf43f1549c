export type DialectName = 'document' | 'original'

/** Where the document and the programs that were written for the original server differ in words. */
export interface Dialect {
  readonly subscribed: string
  readonly unsubscribed: string
  readonly unsupported: string
  /** What SELF_FETCH_RESULT lists. */
  readonly subscriptions: 'names' | 'groups'
}

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  document: { subscribed: 'SUBSCRIBED', unsubscribed: 'UNSUBSCRIBED', unsupported: 'UNSUPORTED', subscriptions: 'names' },
  original: { subscribed: 'SELF_SUBSCRIBED', unsubscribed: 'SELF_UNSUBSCRIBED', unsupported: 'UNSUPPORTED', subscriptions: 'groups' },
}
