/** AWS Secrets Manager. https://docs.aws.amazon.com/secretsmanager/latest/apireference/, read 2026-11-29. */

import { Buffer } from 'node:buffer'
import type { Ids } from '#base/id.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Ask } from '#http/token-keeper.ts'
import type { AwsWays } from './aws-credentials.ts'
import { awsCredentials } from './aws-credentials.ts'
import { signRequest } from './aws-signature.ts'
import type { SecretPlace } from './place.ts'
import { refusedBy } from './place.ts'
import type { AwsPlace } from './settings.ts'

type Parts = AwsWays & { readonly place: AwsPlace; readonly ask: Ask; readonly ids: Pick<Ids, 'bytes'> }
type Reply = { readonly status: number; readonly document: JsonObject | null }

/** `com.amazonaws.secretsmanager#ResourceNotFoundException` and the bare name mean the same. */
const kindOf = ({ document }: Reply): string => String(document?.['__type'] ?? '').replace(/^.*#/, '')

/** An ARN names its own region, which then is asked. */
const regionOf = (name: string, region: string): string =>
  /^arn:aws[\w-]*:secretsmanager:([\w-]+):/.exec(name)?.[1] ?? region

/** The regions of China have a domain of their own. */
const hostOf = (region: string): string =>
  `secretsmanager.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`

export const awsPlace = (parts: Parts): SecretPlace => {
  const { place, ask, clock, ids } = parts
  const keyNow = awsCredentials(parts)
  const call = async (action: string, name: string, input: JsonObject): Promise<Reply> => {
    const region = regionOf(name, place.region)
    const url = place.endpoint ?? `https://${hostOf(region)}/`
    const unsigned = {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `secretsmanager.${action}`,
        'user-agent': 'drover',
      },
      body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(input)) },
    } as const
    const signing = { region, service: 'secretsmanager', nowMs: clock.nowMs() }
    return ask({ ...unsigned, headers: await signRequest(unsigned, await keyNow(), signing) })
  }
  const failed = (reply: Reply, name: string): Problem => {
    const kind = kindOf(reply)
    if (kind === 'ResourceNotFoundException')
      return new Problem('not_found', { message: `AWS Secrets Manager has no secret '${name}' in this region` })
    return refusedBy('AWS Secrets Manager', reply.status, `${kind === '' ? 'no reason given' : kind} for '${name}'`)
  }
  const current = async (name: string): Promise<Reply> => call('GetSecretValue', name, { SecretId: name })
  const textOf = ({ document }: Reply): string | null => {
    const [text, binary] = [document?.['SecretString'], document?.['SecretBinary']]
    if (typeof text === 'string') return text
    return typeof binary === 'string' ? Buffer.from(binary, 'base64').toString('utf8') : null
  }
  return {
    read: async (name) => {
      const reply = await current(name)
      const text = reply.status === 200 ? textOf(reply) : null
      if (text === null) throw failed(reply, name)
      return text
    },
    write: async (name, change) => {
      const before = await current(name)
      const isNew = kindOf(before) === 'ResourceNotFoundException'
      if (before.status !== 200 && !isNew) throw failed(before, name)
      const value = {
        SecretString: change(isNew ? null : textOf(before)),
        ClientRequestToken: Buffer.from(ids.bytes(16)).toString('hex'),
      }
      const reply = isNew
        ? await call('CreateSecret', name, { Name: name, ...value })
        : await call('PutSecretValue', name, { SecretId: name, ...value })
      if (reply.status !== 200) throw failed(reply, name)
    },
  }
}
