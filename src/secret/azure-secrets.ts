/** Azure Key Vault. https://learn.microsoft.com/rest/api/keyvault/secrets, read 2026-11-29. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { tokenKeeper } from '#http/token-keeper.ts'
import type { AzureWays } from './azure-credentials.ts'
import { azureToken } from './azure-credentials.ts'
import type { SecretPlace } from './place.ts'
import { refusedBy } from './place.ts'
import type { AzurePlace } from './settings.ts'

type Parts = AzureWays & { readonly place: AzurePlace }

const apiVersion = '7.4'
const nameForm = /^(?:([a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9])\/)?([a-zA-Z0-9-]{1,127})(?:\/([0-9a-f]{32}))?$/

/** The clouds that are countries' own (https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates). */
const suffixes = ['vault.azure.net', 'vault.azure.cn', 'vault.usgovcloudapi.net', 'vault.microsoftazure.de'] as const

/** Of the cloud in which `vault_url` is; a vault behind another name is taken for one of the public cloud. */
const suffixOf = ({ vaultUrl }: AzurePlace): string => {
  const host = vaultUrl === null ? '' : new URL(vaultUrl).hostname
  return suffixes.find((suffix) => host.endsWith(`.${suffix}`)) ?? suffixes[0]
}

export const azurePlace = (parts: Parts): SecretPlace => {
  const { place, ask, clock } = parts
  const keep = tokenKeeper()
  const newToken = () => azureToken({ ...parts, resource: `https://${suffixOf(place)}` })
  const urlOf = (name: string): string => {
    const [, vault = null, secret, version] = nameForm.exec(name) ?? []
    if (secret === undefined)
      throw new Problem('not_found', {
        message: `'${name}' names no secret: write "name" or "vault/name", of letters, digits and '-'`,
      })
    const base = vault === null ? place.vaultUrl : `https://${vault}.${suffixOf(place)}`
    if (base === null)
      throw new Problem('not_found', {
        message: `'${name}' names no vault: write "vault/name", or set secrets.azure.vault_url`,
      })
    return `${base}/secrets/${secret}${version === undefined ? '' : `/${version}`}?api-version=${apiVersion}`
  }
  const send = async (method: string, url: string, body?: JsonObject) =>
    ask({
      method,
      url,
      headers: {
        authorization: `Bearer ${await keep(clock.nowMs()).take('azure', newToken)}`,
        'user-agent': 'drover',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? { kind: 'none' } : { kind: 'bytes', bytes: Buffer.from(JSON.stringify(body)) },
    })
  const current = async (name: string): Promise<string | null> => {
    const { status, document } = await send('GET', urlOf(name))
    if (status === 200 && typeof document?.['value'] === 'string') return document['value']
    if (status === 404) return null
    throw refusedBy(
      'Azure Key Vault',
      status,
      `the application must have the role Key Vault Secrets User for '${name}'`,
    )
  }
  return {
    read: async (name) => {
      const text = await current(name)
      if (text !== null) return text
      throw new Problem('not_found', { message: `Azure Key Vault has no secret '${name}'` })
    },
    write: async (name, change) => {
      const value = change(await current(name))
      const { status } = await send('PUT', urlOf(name), { value })
      if (status !== 200)
        throw refusedBy(
          'Azure Key Vault',
          status,
          `the application must have the role Key Vault Secrets Officer for '${name}'`,
        )
    },
  }
}
