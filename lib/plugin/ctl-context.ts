/** What the ctl part of a plugin works with. */
export interface CtlContext {
  /** Adds `ctl plugin <plugin> <name> [args…]`; what it returns is printed in the form that the operator chose. */
  command(name: string, summary: string, run: (args: readonly string[], request: (type: string, data: object) => Promise<unknown>) => Promise<unknown>): void
}
