export interface KeptInvitesLimits {
  readonly perUser: number
  readonly total: number
  readonly ttlMs: number
}

interface Invite {
  readonly user: string
  readonly channel: string
  readonly until: number
}

/** Invites for users who are not there. The oldest go when there are too many, of one user or of all. */
export class KeptInvites {
  readonly #limits: KeptInvitesLimits
  readonly #now: () => number
  /** All, the oldest first. */
  readonly #all = new Set<Invite>()
  readonly #byUser = new Map<string, Set<Invite>>()

  constructor(limits: KeptInvitesLimits, now: () => number = Date.now) {
    this.#limits = limits
    this.#now = now
  }

  get size(): number {
    return this.#all.size
  }

  keep(user: string, channel: string): void {
    this.#expire()
    const invite = { user, channel, until: this.#now() + this.#limits.ttlMs }
    let own = this.#byUser.get(user)
    if (!own) this.#byUser.set(user, own = new Set())
    own.add(invite)
    this.#all.add(invite)
    if (own.size > this.#limits.perUser) this.#dropOldest(own)
    if (this.#all.size > this.#limits.total) this.#dropOldest(this.#all)
  }

  /** Gives the channels that a user is invited to, the oldest invite first, and forgets them. */
  take(user: string): string[] {
    this.#expire()
    const own = [...(this.#byUser.get(user) ?? [])]
    for (const invite of own) this.#drop(invite)
    return own.map(({ channel }) => channel)
  }

  #expire(): void {
    const now = this.#now()
    for (const invite of this.#all) {
      if (invite.until > now) return
      this.#drop(invite)
    }
  }

  #dropOldest(invites: Set<Invite>): void {
    const [oldest] = invites
    if (oldest) this.#drop(oldest)
  }

  #drop(invite: Invite): void {
    this.#all.delete(invite)
    const own = this.#byUser.get(invite.user)
    own?.delete(invite)
    if (own?.size === 0) this.#byUser.delete(invite.user)
  }
}
