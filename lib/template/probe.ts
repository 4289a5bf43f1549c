/** Processor time of this process so far. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/**
 * Whether work needs more than `limitMs` of the processor. `attempt` does it from the beginning and says whether it was done
 * within the time by the clock that it is given. The clock alone says nothing on a host that is busy with other things,
 * so work that was cut short without having had the processor gets longer.
 */
export function needsMoreThan(limitMs: number, attempt: (timeoutMs: number) => boolean, usedMs: () => number = processorMs): boolean {
  // Somewhat more than the limit, which one that has the processor to itself then reaches at once.
  for (let timeoutMs = 1.25 * limitMs; ; timeoutMs *= 2) {
    const before = usedMs()
    if (attempt(timeoutMs)) return false
    if (usedMs() - before >= limitMs) return true
  }
}
