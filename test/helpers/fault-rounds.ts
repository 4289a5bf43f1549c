/** How often a fault is put in: a few times in every test run, `CORRAL_FAULT_ROUNDS` times in `npm run test:fault`. */
export function faultRounds(short: number, perRound = 1): number {
  const wanted = process.env.CORRAL_FAULT_ROUNDS
  return wanted === undefined ? short : Number(wanted) * perRound
}

/** Figures of a test, beside its title. */
export function report(text: string): void {
  console.log(`      ${text}`)
}
