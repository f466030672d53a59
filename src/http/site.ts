/** Files of a site that was built beforehand: in memory, compressed beforehand, never asked of the disk while somebody waits. */

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Problem } from '#base/problem.ts'
import type { Answer, Inbound } from './inbound.ts'

/** The whole site is kept in memory; a larger one is a mistake. */
const siteBytesMax = 16 * 1024 * 1024

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
}

/** Codings of a file that was compressed beforehand, the smallest first. */
const codings = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const

/** What the pages may do: load from here, call here. Nothing inline runs, nothing is framed, no text becomes a script. */
const sitePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
].join('; ')

type SiteFile = {
  readonly contentType: string
  readonly etag: string
  readonly body: Uint8Array
  readonly encoded: ReadonlyMap<string, Uint8Array>
}

/** By path within the site: `index.html`, `assets/main-1a2b.js`. */
export type Site = ReadonlyMap<string, SiteFile>

/**
 * Reads a built site, compressed twins (`x.js.br`, `x.js.gz`) with it; `null` = there is none.
 * @throws Error where it is larger than 16 MiB.
 */
export const readSite = async (folder: URL): Promise<Site | null> => {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names.map((name) => name.replaceAll('\\', '/')).filter((name) => extname(name) !== '')
  const bytes = new Map<string, Uint8Array>()
  let sizeBytes = 0
  for (const name of files) {
    const content = await readFile(new URL(name, folder)).catch(() => null)
    if (content === null) continue
    sizeBytes += content.length
    if (sizeBytes > siteBytesMax) throw new Error(`the site in ${folder.pathname} is larger than 16 MiB`)
    bytes.set(name, content)
  }
  if (!bytes.has('index.html')) return null
  const site = new Map<string, SiteFile>()
  for (const [name, body] of bytes) {
    const contentType = contentTypes[extname(name)]
    if (contentType === undefined) continue
    const twins = codings.flatMap(({ name: coding, suffix }) => {
      const twin = bytes.get(`${name}${suffix}`)
      return twin === undefined ? [] : [[coding, twin] as const]
    })
    const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22)
    site.set(name, { contentType, etag: `"${digest}"`, body, encoded: new Map(twins) })
  }
  return site
}

/** Whether a coding is among those that are accepted, and not with a weight of nothing. */
const accepts = (header: string, coding: string): boolean =>
  header
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().split(/\s*;\s*/))
    .some(([name, weight]) => name === coding && !/^q=0(\.0*)?$/.test(weight ?? ''))

const matches = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag) === true

/** Names with a hash in them never change what they hold. */
const cacheControlOf = (name: string): string =>
  name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'

/**
 * One file of the site: compressed as the caller accepts it, 304 where the caller has it.
 * @throws Problem `not_found`.
 */
export const siteAnswer = (site: Site, name: string, { headers }: Pick<Inbound, 'headers'>): Answer => {
  const file = site.get(name)
  if (file === undefined)
    throw new Problem('not_found', {
      message: 'There is no such file. The console may be newer than this page: load it again.',
    })
  const accepted = headers['accept-encoding'] ?? ''
  const coding = codings.find((one) => file.encoded.has(one.name) && accepts(accepted, one.name))?.name
  const answerHeaders: Record<string, string> = {
    'content-type': file.contentType,
    'cache-control': cacheControlOf(name),
    etag: coding === undefined ? file.etag : `${file.etag.slice(0, -1)}-${coding}"`,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(coding === undefined ? {} : { 'content-encoding': coding }),
    ...(name === 'index.html'
      ? {
          'content-security-policy': sitePolicy,
          'cross-origin-opener-policy': 'same-origin',
          'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
        }
      : {}),
  }
  if (matches(headers['if-none-match'], answerHeaders['etag'] ?? ''))
    return { status: 304, headers: answerHeaders, body: new Uint8Array() }
  const body = coding === undefined ? file.body : (file.encoded.get(coding) ?? file.body)
  return { status: 200, headers: answerHeaders, body }
}
