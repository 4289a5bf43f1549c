// The worker as tests run it. In a thread `--import tsx` does nothing, hence this file, which is not bundled.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
