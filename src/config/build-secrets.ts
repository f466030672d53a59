/** The block `secrets` and the environment as places that are kept elsewhere: as the tools of each place would find them. */

import { Secret } from '#base/log.ts'
import type { Reference } from '#base/settings.ts'
import type {
  AwsContainer,
  AwsCredentials,
  AwsPlace,
  AzurePlace,
  GooglePlace,
  SecretPlaces,
  VaultPlace,
  Way,
} from '#secret/settings.ts'
import type { Path } from './fault.ts'
import type { Resolver, Surroundings, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'
import { blocks } from './schema.ts'

type Block = NonNullable<Settings['secrets']>
type Parts = {
  /** Follows references on this machine alone: what opens a secret manager is not kept in one. */
  readonly resolverFor: (tell: Tell) => Resolver
  readonly tell: Tell
  readonly environment: Surroundings['environment']
}

const trimmed = (url: string): string => url.replace(/\/+$/, '')

const makeLooks = ({ resolverFor, tell, environment }: Parts) => {
  const resolver = resolverFor(tell)
  const named = (name: string): string | null => {
    const value = environment[name]?.trim() ?? ''
    return value === '' ? null : value
  }
  const at = (...rest: string[]): Path => ['secrets', ...rest]
  return {
    named,
    /** What the reference leads to, else what the variable holds. */
    secret: async (
      reference: Reference | undefined,
      path: readonly string[],
      variable: string,
    ): Promise<Secret | null> => {
      if (reference !== undefined)
        return (await resolver.headerSecret(reference, at(...path), 'a secret manager'))?.secret ?? null
      const value = named(variable)
      return value === null ? null : new Secret(value)
    },
    /** A secret of several lines. */
    document: async (reference: Reference, path: readonly string[]): Promise<Secret | null> =>
      (await resolver.secret(reference, at(...path), 'a secret manager'))?.secret ?? null,
    /** A file that a variable names for other programs as well: that it is missing is no fault of the configuration. */
    fileNamed: async (path: string): Promise<Secret | { readonly missing: string }> => {
      const messages: string[] = []
      const quiet = resolverFor((_path, message) => void messages.push(message))
      const text = await quiet.file(path, at('gcp', 'credentials'), 'Google')
      return text === null ? { missing: `GOOGLE_APPLICATION_CREDENTIALS ${messages.join(' ')}` } : new Secret(text)
    },
    way: async (
      block: { readonly ca_file?: string | undefined; readonly allow_private: boolean } | undefined,
      name: string,
    ): Promise<Way> => ({
      allowPrivate: block?.allow_private ?? false,
      certificateAuthorities:
        block?.ca_file === undefined
          ? null
          : await resolver.file(block.ca_file.replace(/^file:/, ''), at(name, 'ca_file'), 'a secret manager'),
    }),
  }
}

type Looks = ReturnType<typeof makeLooks>

const vaultOf = async (block: Block['vault'], looks: Looks): Promise<VaultPlace | { missing: string }> => {
  const address = block?.address ?? looks.named('VAULT_ADDR')
  if (address === null) return { missing: 'nothing says where Vault is: set secrets.vault.address, or VAULT_ADDR' }
  if (!URL.canParse(address)) return { missing: 'VAULT_ADDR is no URL' }
  const role = block?.app_role
  const roleId = role === undefined ? null : await looks.secret(role.role_id, ['vault', 'app_role', 'role_id'], '')
  const secretId =
    role === undefined ? null : await looks.secret(role.secret_id, ['vault', 'app_role', 'secret_id'], '')
  const token = role === undefined ? await looks.secret(block?.token, ['vault', 'token'], 'VAULT_TOKEN') : null
  if (token === null && (roleId === null || secretId === null))
    return { missing: 'nothing proves who asks Vault: set secrets.vault.token or app_role, or VAULT_TOKEN' }
  return {
    ...(await looks.way(block, 'vault')),
    address: trimmed(address),
    namespace: block?.namespace ?? looks.named('VAULT_NAMESPACE'),
    mount: block?.mount ?? 'secret',
    token,
    appRole: roleId === null || secretId === null ? null : { roleId, secretId, mount: role?.mount ?? 'approle' },
  }
}

/** Over plain http only to this machine and to where ECS and EKS have their agents. */
const isAgent = (url: URL): boolean =>
  url.protocol === 'https:' ||
  (url.protocol === 'http:' &&
    /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/.test(url.hostname))

const containerOf = ({ named }: Looks): AwsContainer | { missing: string } | null => {
  const relative = named('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
  const full = named('AWS_CONTAINER_CREDENTIALS_FULL_URI')
  if (relative === null && full === null) return null
  const text = relative === null ? (full ?? '') : `http://169.254.170.2${relative}`
  if (!URL.canParse(text) || !isAgent(new URL(text)) || (relative !== null && !relative.startsWith('/')))
    return {
      missing: 'AWS_CONTAINER_CREDENTIALS_FULL_URI (or RELATIVE_URI) is no https URL and none of an agent of AWS',
    }
  const token = named('AWS_CONTAINER_AUTHORIZATION_TOKEN')
  return {
    kind: 'container',
    url: text,
    tokenFile: named('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
    token: token === null ? null : new Secret(token),
  }
}

/** Without an access key: the role of the pod, of the task, or of the instance, in the order of AWS's own tools. */
const roleOf = (block: Block['aws'], looks: Looks): AwsCredentials | { missing: string } => {
  const { named } = looks
  const [roleArn, tokenFile] = [named('AWS_ROLE_ARN'), named('AWS_WEB_IDENTITY_TOKEN_FILE')]
  if (roleArn !== null && tokenFile !== null)
    return {
      kind: 'web-identity',
      roleArn,
      tokenFile,
      sessionName: named('AWS_ROLE_SESSION_NAME') ?? 'drover',
      endpoint: named('AWS_ENDPOINT_URL_STS'),
    }
  const container = containerOf(looks)
  if (container !== null) return container
  if (named('AWS_EC2_METADATA_DISABLED')?.toLowerCase() === 'true')
    return {
      missing:
        'no access key for AWS: set secrets.aws.access_key_id and secret_access_key, or the variables of these names',
    }
  const metadata = block?.metadata ?? named('AWS_EC2_METADATA_SERVICE_ENDPOINT')
  return { kind: 'instance', metadata: metadata === null ? null : trimmed(metadata) }
}

const awsOf = async (block: Block['aws'], looks: Looks): Promise<AwsPlace | { missing: string }> => {
  const region = block?.region ?? looks.named('AWS_REGION') ?? looks.named('AWS_DEFAULT_REGION')
  const accessKeyId = await looks.secret(block?.access_key_id, ['aws', 'access_key_id'], 'AWS_ACCESS_KEY_ID')
  const secretAccessKey = await looks.secret(
    block?.secret_access_key,
    ['aws', 'secret_access_key'],
    'AWS_SECRET_ACCESS_KEY',
  )
  // A session is of the keys beside it, never of others.
  const isOfEnvironment = block?.access_key_id === undefined && block?.secret_access_key === undefined
  if (region === null) return { missing: 'nothing says which region of AWS: set secrets.aws.region, or AWS_REGION' }
  // Half a key is a mistake, and no wish for a role.
  if ((accessKeyId === null) !== (secretAccessKey === null))
    return { missing: 'half an access key for AWS: access_key_id and secret_access_key go together' }
  const sessionToken = await looks.secret(
    block?.session_token,
    ['aws', 'session_token'],
    isOfEnvironment ? 'AWS_SESSION_TOKEN' : '',
  )
  const credentials =
    accessKeyId === null || secretAccessKey === null
      ? roleOf(block, looks)
      : ({ kind: 'key', accessKeyId, secretAccessKey, sessionToken } as const)
  if ('missing' in credentials) return credentials
  return { ...(await looks.way(block, 'aws')), region, credentials, endpoint: block?.endpoint ?? null }
}

const gcpOf = async (block: Block['gcp'], looks: Looks): Promise<GooglePlace | { missing: string }> => {
  const file = looks.named('GOOGLE_APPLICATION_CREDENTIALS')
  const found =
    block?.credentials !== undefined
      ? await looks.document(block.credentials, ['gcp', 'credentials'])
      : file === null
        ? null
        : await looks.fileNamed(file)
  if (found !== null && 'missing' in found) return found
  return {
    ...(await looks.way(block, 'gcp')),
    project: block?.project ?? looks.named('GOOGLE_CLOUD_PROJECT'),
    credentials: found,
    endpoint: block?.endpoint === undefined ? null : trimmed(block.endpoint),
    metadata: block?.metadata === undefined ? null : trimmed(block.metadata),
  }
}

/** Without a secret: what a cluster vouches for, else the managed identity of this machine. */
const azureCredentials = (
  { block, looks }: { readonly block: Block['azure']; readonly looks: Looks },
  secret: Secret | null,
): AzurePlace['credentials'] | { missing: string } => {
  const { named } = looks
  const tenantId = block?.tenant_id ?? named('AZURE_TENANT_ID')
  const clientId = block?.client_id ?? named('AZURE_CLIENT_ID')
  const file = named('AZURE_FEDERATED_TOKEN_FILE')
  const proof =
    secret !== null ? ({ kind: 'secret', secret } as const) : file !== null ? ({ kind: 'file', file } as const) : null
  if (proof !== null) {
    if (tenantId === null || clientId === null)
      return {
        missing:
          'no application for Azure: set secrets.azure.tenant_id, client_id and client_secret, or AZURE_TENANT_ID and so on',
      }
    const authority = trimmed(block?.authority ?? 'https://login.microsoftonline.com')
    return { kind: 'application', tenantId, clientId, proof, authority }
  }
  const [endpoint, header] = [named('IDENTITY_ENDPOINT'), named('IDENTITY_HEADER')]
  const hasService = endpoint !== null && header !== null && URL.canParse(endpoint)
  return {
    kind: 'managed',
    clientId,
    service: hasService ? { endpoint, header: new Secret(header) } : null,
    metadata: block?.metadata === undefined ? null : trimmed(block.metadata),
  }
}

const azureOf = async (block: Block['azure'], looks: Looks): Promise<AzurePlace | { missing: string }> => {
  const secret = await looks.secret(block?.client_secret, ['azure', 'client_secret'], 'AZURE_CLIENT_SECRET')
  const credentials = azureCredentials({ block, looks }, secret)
  if ('missing' in credentials) return credentials
  const vaultUrl = block?.vault_url === undefined ? null : trimmed(block.vault_url)
  return { ...(await looks.way(block, 'azure')), vaultUrl, credentials }
}

/** Asked when the first reference to one of them is followed: whoever has none need not say anything. */
export const buildSecrets = async (settings: Settings, parts: Parts): Promise<SecretPlaces> => {
  const block = settings.secrets ?? blocks.secrets.parse({})
  const looks = makeLooks(parts)
  return {
    vault: await vaultOf(block.vault, looks),
    aws: await awsOf(block.aws, looks),
    gcp: await gcpOf(block.gcp, looks),
    azure: await azureOf(block.azure, looks),
    refreshMs: block.refresh,
  }
}
