/**
 * HashiCorp Vault and OpenBao: version 2 of the key-value engine, with a token or as an AppRole.
 * https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2, /auth/approle and /auth/token, read 2026-11-29.
 */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Ask } from '#http/token-keeper.ts'
import type { SecretPlace } from './place.ts'
import { refusedBy } from './place.ts'
import type { VaultPlace } from './settings.ts'

type Parts = { readonly place: VaultPlace; readonly ask: Ask; readonly clock: Pick<Clock, 'monotonicMs'> }

/** `null` = it does not end. */
type Lease = { readonly token: string; readonly renewAtMs: number | null; readonly endsMs: number | null }

const seconds = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0)

const leaseOf = (
  token: string,
  { ttlS, renewable, nowMs }: { readonly ttlS: number; readonly renewable: boolean; readonly nowMs: number },
): Lease =>
  ttlS === 0
    ? { token, renewAtMs: null, endsMs: null }
    : // What cannot be renewed is replaced at the same time.
      {
        token,
        renewAtMs: nowMs + (ttlS * 1000 * (renewable ? 2 : 4)) / (renewable ? 3 : 5),
        endsMs: nowMs + ttlS * 1000,
      }

/** Asks, with the token where there is one. */
const request =
  ({ place, ask }: Parts) =>
  async (method: string, path: string, { token, body }: { readonly token?: string; readonly body?: JsonObject } = {}) =>
    ask({
      method,
      url: `${place.address}/v1/${path}`,
      headers: {
        'x-vault-request': 'true',
        'user-agent': 'drover',
        ...(token === undefined ? {} : { 'x-vault-token': token }),
        ...(place.namespace === null ? {} : { 'x-vault-namespace': place.namespace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? { kind: 'none' } : { kind: 'bytes', bytes: Buffer.from(JSON.stringify(body)) },
    })

const objectAt = (document: JsonObject | null | undefined, name: string): JsonObject | null => {
  const value = document?.[name]
  return isObject(value) ? value : null
}

/** Keeps the token: renewed when two thirds of its time are over, taken anew where that is refused. */
const tokens = (parts: Parts) => {
  const { place, clock } = parts
  const send = request(parts)
  let lease: Lease | null = null
  let taking: Promise<Lease> | null = null

  const logIn = async (): Promise<Lease> => {
    const { appRole } = place
    const nowMs = clock.monotonicMs()
    if (appRole !== null) {
      const body = { role_id: appRole.roleId.reveal(), secret_id: appRole.secretId.reveal() }
      const { status, document } = await send('POST', `auth/${appRole.mount}/login`, { body })
      const auth = objectAt(document, 'auth')
      const token = auth?.['client_token']
      if (status !== 200 || typeof token !== 'string')
        throw refusedBy('Vault', status, 'the AppRole got no token; look at role_id, secret_id and the mount')
      return leaseOf(token, { ttlS: seconds(auth?.['lease_duration']), renewable: auth?.['renewable'] === true, nowMs })
    }
    const token = place.token?.reveal() ?? ''
    const { status, document } = await send('GET', 'auth/token/lookup-self', { token })
    if (status !== 200) throw refusedBy('Vault', status, 'the token is not taken; give another one, or an AppRole')
    const data = objectAt(document, 'data')
    return leaseOf(token, { ttlS: seconds(data?.['ttl']), renewable: data?.['renewable'] === true, nowMs })
  }
  const renewed = async (old: Lease): Promise<Lease> => {
    const nowMs = clock.monotonicMs()
    const { status, document } = await send('POST', 'auth/token/renew-self', { token: old.token, body: {} })
    const auth = objectAt(document, 'auth')
    const ttlS = seconds(auth?.['lease_duration'])
    if (status === 200 && ttlS > 0) return leaseOf(old.token, { ttlS, renewable: auth?.['renewable'] === true, nowMs })
    return logIn()
  }
  const fresh = (make: () => Promise<Lease>): Promise<Lease> => {
    taking ??= make()
      .then((made) => {
        lease = made
        return made
      })
      .finally(() => {
        taking = null
      })
    return taking
  }
  return {
    take: async (): Promise<string> => {
      const current = lease
      if (current === null) return (await fresh(logIn)).token
      const nowMs = clock.monotonicMs()
      if (current.renewAtMs === null || nowMs < current.renewAtMs) return current.token
      try {
        return (await fresh(() => renewed(current))).token
      } catch (thrown) {
        // While it holds it serves; whoever asks next tries again.
        if (current.endsMs !== null && nowMs >= current.endsMs) throw thrown
        return current.token
      }
    },
    /** After it was refused: only an AppRole can get another one, and where this one holds it was the policy that refused. */
    again: async (token: string): Promise<string | null> => {
      if (place.appRole === null) return null
      const { status } = await send('GET', 'auth/token/lookup-self', { token })
      return status === 200 ? null : (await fresh(logIn)).token
    },
  }
}

const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** Names are paths within the mount; `data/`, which the API puts before them, may be written or left out. */
const pathOf = (mount: string, name: string): string => `${mount}/data/${encoded(name.replace(/^\/+|^data\//g, ''))}`

type Version = { readonly fields: JsonObject; readonly version: number }

export const vaultPlace = (parts: Parts): SecretPlace => {
  const { place } = parts
  const send = request(parts)
  const keeper = tokens(parts)
  const withToken = async (method: string, path: string, body?: JsonObject) => {
    const withBody = (one: string) => ({ token: one, ...(body === undefined ? {} : { body }) })
    const token = await keeper.take()
    const first = await send(method, path, withBody(token))
    const other = first.status === 403 ? await keeper.again(token) : null
    return other === null ? first : send(method, path, withBody(other))
  }
  const current = async (name: string): Promise<Version | null> => {
    const { status, document } = await withToken('GET', pathOf(place.mount, name))
    const data = objectAt(document, 'data')
    const fields = objectAt(data, 'data')
    const version = objectAt(data, 'metadata')?.['version']
    if (status === 200 && fields !== null) return { fields, version: typeof version === 'number' ? version : 0 }
    // A deleted version answers 404 and still has a number, which a new one must follow.
    if (status === 404) return typeof version === 'number' ? { fields: {}, version } : null
    if (status === 403)
      throw refusedBy('Vault', status, `its policy lets the token not read '${name}' in '${place.mount}'`)
    throw refusedBy('Vault', status, `is '${place.mount}' a key-value engine of version 2?`)
  }
  return {
    read: async (name) => {
      const found = await current(name)
      const names = Object.keys(found?.fields ?? {})
      if (found === null || names.length === 0)
        throw new Problem('not_found', { message: `Vault has nothing at '${name}' in '${place.mount}'` })
      return JSON.stringify(found.fields)
    },
    write: async (name, change) => {
      const found = await current(name)
      const before = found === null || Object.keys(found.fields).length === 0 ? null : JSON.stringify(found.fields)
      const data: JsonObject = JSON.parse(change(before))
      const { status } = await withToken('POST', pathOf(place.mount, name), {
        data,
        options: { cas: found?.version ?? 0 },
      })
      if (status === 200 || status === 204) return
      if (status === 400)
        throw new Problem('conflict', {
          message: `'${name}' was changed in Vault at the same time, or is not taken there`,
        })
      throw refusedBy('Vault', status, `its policy must let the token create and update '${name}'`)
    },
  }
}
