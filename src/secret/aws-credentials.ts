/**
 * The access key that AWS is asked with, from where it is: given, or that of a role, which ends and is fetched anew. In the order and by the
 * variables of AWS's own tools (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html, read 2026-11-30).
 */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Ask, AskText, Token } from '#http/token-keeper.ts'
import { tokenKeeper } from '#http/token-keeper.ts'
import type { AccessKey } from './aws-signature.ts'
import { refusedBy } from './place.ts'
import type { AwsContainer, AwsPlace, AwsWebIdentity } from './settings.ts'

export type AwsWays = {
  /** Reaches addresses of the machine itself, and is used for credentials alone. */
  readonly askMachine: Ask
  readonly askMachineText: AskText
  /** To AWS itself. */
  readonly askText: AskText
  /** A file that is written anew when the token in it ends. */
  readonly readFile: (path: string) => Promise<string>
  readonly clock: Pick<Clock, 'nowMs'>
}

type Parts = AwsWays & { readonly place: AwsPlace }

const none = { kind: 'none' } as const
const agent = { 'user-agent': 'drover' }

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** The key as a token that ends, so that it is kept and fetched anew like one. @throws Problem where something of it is missing. */
const keyOf = (found: Readonly<Record<string, unknown>> | null, title: string): Token => {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration } = found ?? {}
  const endsMs = isText(Expiration) ? Date.parse(Expiration) : Number.NaN
  if (!isText(accessKeyId) || !isText(secretAccessKey) || !isText(sessionToken) || Number.isNaN(endsMs))
    throw new Problem('upstream_error', { message: `${title} answered with something that is no access key of a role` })
  return { text: JSON.stringify({ accessKeyId, secretAccessKey, sessionToken }), endsMs }
}

const instance = 'http://169.254.169.254'
/** Six hours: the most that there is. */
const sessionS = 21_600

/**
 * Version 2 alone: a session first, so that nobody who can only have an address fetched gets at it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html, read 2026-11-30.
 */
const instanceKey = async ({ askMachine, askMachineText }: Parts, metadata: string | null): Promise<Token> => {
  const title = "The instance's metadata service"
  const at = (path: string): string => `${metadata ?? instance}/latest/${path}`
  const session = await askMachineText({
    method: 'PUT',
    url: at('api/token'),
    headers: { ...agent, 'x-aws-ec2-metadata-token-ttl-seconds': String(sessionS) },
    body: none,
  })
  const token = session.text?.trim() ?? ''
  if (session.status !== 200 || !/^[\x21-\x7e]+$/.test(token))
    throw refusedBy(
      title,
      session.status,
      'it gives no session; its version 2 must be on, and its hop limit reach to here',
    )
  const headers = { ...agent, 'x-aws-ec2-metadata-token': token }
  const roles = await askMachineText({
    method: 'GET',
    url: at('meta-data/iam/security-credentials/'),
    headers,
    body: none,
  })
  const [role = ''] = (roles.text ?? '').trim().split('\n')
  if (roles.status !== 200 || !/^[\w+=,.@-]{1,64}$/.test(role))
    throw refusedBy(title, roles.status, 'this instance has no role: attach one, or give secrets.aws.access_key_id')
  const { status, document } = await askMachine({
    method: 'GET',
    url: at(`meta-data/iam/security-credentials/${encodeURIComponent(role)}`),
    headers,
    body: none,
  })
  if (status !== 200 || document?.['Code'] !== 'Success')
    throw refusedBy(title, status, `it has no credentials of the role '${role}' now`)
  return keyOf(document, title)
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html, read 2026-11-30. */
const containerKey = async ({ askMachine, readFile }: Parts, container: AwsContainer): Promise<Token> => {
  const { url, tokenFile, token } = container
  const authorization = tokenFile === null ? (token?.reveal() ?? null) : (await readFile(tokenFile)).trim()
  if (authorization !== null && !/^[\x20-\x7e]+$/.test(authorization))
    throw new Problem('upstream_error', { message: 'the token for the credentials of this container is no header' })
  const { status, document } = await askMachine({
    method: 'GET',
    url,
    headers: { ...agent, ...(authorization === null ? {} : { authorization }) },
    body: none,
  })
  if (status !== 200) throw refusedBy("The container's credentials", status, 'give the task, or the pod, a role')
  return keyOf(document, "The container's credentials")
}

const tagOf = (xml: string, name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html, read 2026-11-30. It is not signed. */
const webIdentityKey = async (
  { askText, readFile, place }: Parts,
  { roleArn, tokenFile, sessionName, endpoint }: AwsWebIdentity,
): Promise<Token> => {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: (await readFile(tokenFile)).trim(),
  })
  const host = `sts.${place.region}.amazonaws.com${place.region.startsWith('cn-') ? '.cn' : ''}`
  const { status, text } = await askText({
    method: 'POST',
    url: endpoint ?? `https://${host}/`,
    headers: { ...agent, 'content-type': 'application/x-www-form-urlencoded' },
    body: { kind: 'bytes', bytes: Buffer.from(form.toString()) },
  })
  const xml = text ?? ''
  if (status !== 200)
    throw refusedBy('AWS STS', status, `${tagOf(xml, 'Code') ?? 'no reason given'} for the role '${roleArn}'`)
  const found: JsonObject = {
    AccessKeyId: tagOf(xml, 'AccessKeyId') ?? null,
    SecretAccessKey: tagOf(xml, 'SecretAccessKey') ?? null,
    Token: tagOf(xml, 'SessionToken') ?? null,
    Expiration: tagOf(xml, 'Expiration') ?? null,
  }
  return keyOf(found, 'AWS STS')
}

/** Gives the key to sign with now. @throws Problem `upstream_error` where there is none. */
export const awsCredentials = (parts: Parts): (() => Promise<AccessKey>) => {
  const { place, clock } = parts
  const { credentials } = place
  if (credentials.kind === 'key') {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials
    return async () => ({
      accessKeyId: accessKeyId.reveal(),
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === null ? {} : { sessionToken: sessionToken.reveal() }),
    })
  }
  const keep = tokenKeeper()
  const fetchKey = (): Promise<Token> => {
    if (credentials.kind === 'web-identity') return webIdentityKey(parts, credentials)
    if (credentials.kind === 'container') return containerKey(parts, credentials)
    return instanceKey(parts, credentials.metadata)
  }
  return async () => JSON.parse(await keep(clock.nowMs()).take('aws', fetchKey)) as AccessKey
}
