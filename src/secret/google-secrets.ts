/** Google Secret Manager. https://cloud.google.com/secret-manager/docs/reference/rest, read 2026-11-29. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Ask, Token } from '#http/token-keeper.ts'
import { tokenKeeper } from '#http/token-keeper.ts'
import { exchangeToken, serviceAccountOf } from './google-token.ts'
import type { SecretPlace } from './place.ts'
import { refusedBy } from './place.ts'
import type { GooglePlace } from './settings.ts'

type Parts = {
  readonly place: GooglePlace
  readonly ask: Ask
  /** Reaches the machine's metadata server, whose address is a link-local one, and is used for nothing else. */
  readonly askMetadata: Ask
  readonly clock: Pick<Clock, 'nowMs'>
}

const endpoint = 'https://secretmanager.googleapis.com'

/** https://cloud.google.com/compute/docs/access/authenticate-workloads, read 2026-11-29. */
const metadataToken = async ({ place, askMetadata, clock }: Parts): Promise<Token> => {
  const url = `${place.metadata ?? 'http://metadata.google.internal'}/computeMetadata/v1/instance/service-accounts/default/token`
  const nowMs = clock.nowMs()
  const headers = { 'metadata-flavor': 'Google' }
  const { status, document } = await askMetadata({ method: 'GET', url, headers, body: { kind: 'none' } })
  const [text, lifeS] = [document?.['access_token'], document?.['expires_in']]
  if (status !== 200 || typeof text !== 'string')
    throw refusedBy('The metadata server', status, 'this machine has no service account; give secrets.gcp.credentials')
  return { text, endsMs: nowMs + (typeof lifeS === 'number' ? lifeS : 0) * 1000 }
}

const numberForm = /^(?:[1-9]\d*|latest)$/

/** `name`, `project/name`, `projects/P/secrets/N` or that with `/versions/V`. */
const resourceOf = (name: string, project: string | null): { readonly secret: string; readonly version: string } => {
  const whole = /^projects\/([^/]+)\/secrets\/([^/]+)(?:\/versions\/([^/]+))?$/.exec(name)
  const short = /^(?:([^/]+)\/)?([^/]+)$/.exec(name)
  const owner = whole?.[1] ?? short?.[1] ?? project
  const secret = whole?.[2] ?? short?.[2]
  const version = whole?.[3] ?? 'latest'
  if (secret === undefined || !/^[\w-]{1,255}$/.test(secret) || !numberForm.test(version))
    throw new Problem('not_found', {
      message: `'${name}' names no secret: write "name", "project/name" or "projects/P/secrets/N/versions/V"`,
    })
  if (owner === null)
    throw new Problem('not_found', {
      message: `'${name}' names no project: write "project/name", or set secrets.gcp.project`,
    })
  return { secret: `projects/${encodeURIComponent(owner)}/secrets/${secret}`, version }
}

export const googlePlace = (parts: Parts): SecretPlace => {
  const { place, ask, clock } = parts
  const account = place.credentials === null ? null : serviceAccountOf(place.credentials)
  // Whoever gives credentials does not mean the machine's own.
  if (place.credentials !== null && account === null)
    throw new Problem('upstream_error', {
      message:
        "what secrets.gcp.credentials or GOOGLE_APPLICATION_CREDENTIALS gives is no JSON key of a service account (client_email, private_key); give one, or leave both out for the machine's own account",
    })
  const project = place.project ?? account?.project ?? null
  const keep = tokenKeeper()
  const token = (): Promise<string> => {
    const nowMs = clock.nowMs()
    return keep(nowMs).take('google', () =>
      account === null ? metadataToken(parts) : exchangeToken(account, { nowMs, ask }),
    )
  }
  const send = async (method: string, path: string, body?: JsonObject) =>
    ask({
      method,
      url: `${place.endpoint ?? endpoint}/v1/${path}`,
      headers: {
        authorization: `Bearer ${await token()}`,
        'user-agent': 'drover',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? { kind: 'none' } : { kind: 'bytes', bytes: Buffer.from(JSON.stringify(body)) },
    })
  const current = async (name: string): Promise<string | null> => {
    const { secret, version } = resourceOf(name, project)
    const { status, document } = await send('GET', `${secret}/versions/${version}:access`)
    const payload = isObject(document?.['payload']) ? document['payload'] : null
    if (status === 200 && typeof payload?.['data'] === 'string')
      return Buffer.from(payload['data'], 'base64').toString('utf8')
    if (status === 404) return null
    throw refusedBy(
      'Google Secret Manager',
      status,
      `the service account must have roles/secretmanager.secretAccessor on '${secret}'`,
    )
  }
  return {
    read: async (name) => {
      const text = await current(name)
      if (text !== null) return text
      throw new Problem('not_found', { message: `Google Secret Manager has no such version of '${name}'` })
    },
    write: async (name, change) => {
      const { secret } = resourceOf(name, project)
      const before = await current(name)
      const payload = { data: Buffer.from(change(before)).toString('base64') }
      let reply = await send('POST', `${secret}:addVersion`, { payload })
      if (reply.status === 404) {
        const [parent, id] = secret.split('/secrets/')
        const made = await send('POST', `${parent}/secrets?secretId=${id}`, { replication: { automatic: {} } })
        if (made.status !== 200) throw refusedBy('Google Secret Manager', made.status, `'${secret}' could not be made`)
        reply = await send('POST', `${secret}:addVersion`, { payload })
      }
      if (reply.status !== 200)
        throw refusedBy(
          'Google Secret Manager',
          reply.status,
          `the service account must have roles/secretmanager.secretVersionAdder on '${secret}'`,
        )
    },
  }
}
