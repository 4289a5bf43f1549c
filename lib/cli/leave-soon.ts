const graceMs = 1_000

/** Ends this process, whose work is done, though something that a plugin left behind, such as a timer, would keep it. */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), graceMs).unref()
}
