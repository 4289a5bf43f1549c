// A program that launches one run and then only waits to be killed.
import type { LaunchOptions } from './launch.ts'
import { Run } from './run.ts'

const run = await Run.launch(JSON.parse(process.argv[2] ?? '') as LaunchOptions)
run.output.follow(0, () => {})
console.log('launched')
