import { readFile } from 'node:fs/promises'
import { Router } from 'express'

/** Two folders below the package's root, both in the sources and in the bundle. */
const files = new URL('../../plugins/gateway/page/', import.meta.url)
const types = new Map([['index.html', 'text/html; charset=utf-8'], ['console.js', 'text/javascript; charset=utf-8'], ['console.css', 'text/css; charset=utf-8']])
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The page at `/gateway/console`. Its files are read once, so that a request costs no disk. */
export async function consolePage(): Promise<Router> {
  const router = Router()
  for (const [name, type] of types) {
    const content = await readFile(new URL(name, files))
    router.get(name === 'index.html' ? '/' : `/${name}`, (_request, response) => {
      response.set({
        'content-type': type, 'content-security-policy': policy, 'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer', 'cache-control': 'no-cache',
      }).send(content)
    })
  }
  return router
}
