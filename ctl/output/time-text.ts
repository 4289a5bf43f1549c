/** A time of the cluster for people, in UTC: `2026-05-01 12:00:00Z`. */
export function timeText(timestamp: string | null | undefined): string | null {
  return timestamp ? timestamp.replace(/^(\S{10})T(\S{8})(?:\.\d+)?Z$/, '$1 $2Z') : null
}
