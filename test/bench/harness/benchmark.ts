/** Measured values of one round, by name. */
export type Sample = Readonly<Record<string, number>>

/** One line of the table. A figure is a ratio to a plain server, or that of a whole process, out of this one run. */
export interface Figure {
  /** What is measured, e.g. `CPU per request, session, 200 B`. */
  readonly name: string
  readonly value: number
  /** `×` for a ratio, else `ms`, `MB`, `/s` … */
  readonly unit: string
  /** What the value must not pass; missing where there is nothing to hold it against. */
  readonly target?: Target
}

export interface Target {
  readonly kind: 'at most' | 'at least'
  readonly limit: number
  /** Better than the limit: what is aimed for. */
  readonly aim?: number
}

/** What a benchmark is run with. */
export interface Bench {
  /** How often each contender has its turn; medians over the rounds are compared. */
  readonly rounds: number
  /** How long one turn of a contender lasts. */
  readonly seconds: number
  readonly isQuick: boolean
  /** The built package whose programs are measured. */
  readonly packageDirectory: string
  /** Options of Node for the master, e.g. to profile it. */
  readonly masterOptions: readonly string[]
  /** Undoes something when the benchmark is over, last added first. */
  onEnd(step: () => unknown): void
  /** Says something that belongs beside the table: counts that must be zero, what could not be measured. */
  note(text: string): void
}

export interface Benchmark {
  /** What it is called on the command line. */
  readonly name: string
  readonly summary: string
  /** Takes long or needs more than this machine; run when it is named. */
  readonly isOptional?: boolean
  run(bench: Bench): Promise<Figure[]>
}

/** Runs contenders in turn, `rounds` times, after one turn each that is not counted; gives the medians of what they measured. */
export async function interleave<Name extends string>(
  { rounds }: Pick<Bench, 'rounds'>,
  contenders: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<Record<Name, Sample>> {
  const names = Object.keys(contenders) as Name[]
  const samples = new Map<Name, Sample[]>(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    // Turns change places, so that what a round's first one suffers is shared.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const sample = await contenders[name]()
      if (round > 0) samples.get(name)?.push(sample)
    }
  }
  return Object.fromEntries(names.map((name) => [name, medians(samples.get(name) ?? [])])) as Record<Name, Sample>
}

function medians(samples: readonly Sample[]): Sample {
  return Object.fromEntries(Object.keys(samples[0] ?? {}).map((key) => [key, median(samples.map((sample) => sample[key] ?? Number.NaN))]))
}

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value below which `percent` of the values lie; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
}

/** One value of two samples, as a ratio. */
export function ratio(ours: Sample, plain: Sample, key: string): number {
  return (ours[key] ?? Number.NaN) / (plain[key] ?? Number.NaN)
}
