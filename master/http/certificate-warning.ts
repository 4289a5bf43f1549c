import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const dayMs = 86_400_000
const soonDays = 14

/** What to say of a master's own certificate, a PEM file, that peers refuse by now or will soon; undefined where it is good for longer. */
export async function certificateWarning(file: string, now = new Date()): Promise<string | undefined> {
  const { validFrom, validTo } = new X509Certificate(await readFile(file))
  const [begin, end] = [new Date(validFrom), new Date(validTo)]
  const days = Math.floor((end.getTime() - now.getTime()) / dayMs)
  if (now < begin) return `THE TLS CERTIFICATE IS NOT VALID YET, only from ${begin.toISOString()}: nobody can connect. Set the clock of this host, or renew ${file} and start the master again`
  if (now > end) return `THE TLS CERTIFICATE HAS EXPIRED on ${end.toISOString()}: nobody can connect. Renew ${file} and start the master again`
  if (days < soonDays) return `The TLS certificate expires on ${end.toISOString()}, in ${days === 1 ? '1 day' : `${days} days`}; renew ${file} and start the master again`
  return undefined
}
