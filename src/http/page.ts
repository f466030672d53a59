/** Answers that are whole and not relayed: pages from the package's assets, health, metrics. */

import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import type { Endpoint } from './endpoint.ts'
import type { Answer, Exchange, Inbound } from './inbound.ts'
import { sendAnswer } from './reply.ts'

export type PageEndpoint = {
  readonly kind: 'page'
  /** May throw Problem, which the server answers. */
  readonly answer: (inbound: Inbound) => Answer | Promise<Answer>
}

/** Nothing is loaded from elsewhere, nothing runs, nobody frames it. */
const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** A GET endpoint that gives a whole answer. */
export const page = (path: string, answer: PageEndpoint['answer']): Endpoint<PageEndpoint> => ({
  method: 'GET',
  path,
  value: { kind: 'page', answer },
})

/** Of a page for people: nothing is loaded from elsewhere, nothing runs. */
export const pageHeaders = (contentType: string): Record<string, string> => ({
  'content-type': contentType,
  'content-security-policy': pagePolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
})

/** A page made at the start. */
export const textPage = (path: string, html: string): Endpoint<PageEndpoint> => {
  const answer = { status: 200, headers: pageHeaders(contentTypes['html'] ?? ''), body: Buffer.from(html) }
  return { ...page(path, () => answer), unlisted: true }
}

/** One file of the package, read once, at the start. `path` is where it is served. */
export const filePage = async (path: string, file: URL): Promise<Endpoint<PageEndpoint>> => {
  const body = await readFile(file)
  const extension = file.pathname.split('.').at(-1) ?? ''
  const headers = pageHeaders(contentTypes[extension] ?? 'application/octet-stream')
  return { ...page(path, () => ({ status: 200, headers, body })), unlisted: true }
}

/** Sends the answer of a page. */
export const servePage = async ({ inbound, outbound }: Exchange, { answer }: PageEndpoint): Promise<void> =>
  sendAnswer(outbound, await answer(inbound))
