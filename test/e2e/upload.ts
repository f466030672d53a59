/** Uploads a file as a form, the way that clients do. */

import type { Answer } from './call.ts'
import { call } from './call.ts'
import type { Relay } from './harness.ts'

export type Uploading = {
  readonly key: string
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
  readonly bytes?: Uint8Array | string
}

/** The form has these fields and one file. */
export const upload = async (
  relay: Pick<Relay, 'url'>,
  { key, headers = {}, path = '/v1/files', bytes = 'Grüße, 世界\n' }: Uploading,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', new File([bytes as Uint8Array<ArrayBuffer>], 'notes "1".txt', { type: 'text/plain' }))
  const encoded = new Response(form)
  return call(relay.url, {
    path,
    key,
    method: 'POST',
    headers: { ...headers, 'content-type': encoded.headers.get('content-type') ?? '' },
    body: new Uint8Array(await encoded.arrayBuffer()),
  })
}
