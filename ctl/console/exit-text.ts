interface Exit {
  readonly code: number | null
  readonly signal: string | null
  readonly reason: string
}

/** How a run ended, for people: `exit status 0`, `signal SIGKILL (killed)`. */
export function exitText({ code, signal, reason }: Exit): string {
  const how = signal === null ? code === null ? '' : `exit status ${code}` : `signal ${signal}`
  if (how === '') return reason || 'unknown'
  return reason === '' || reason === 'exited' || reason === how ? how : `${how} (${reason})`
}
