/** The block `secrets` and the environment as places that are kept elsewhere: as the tools of each place would find them. */

import { Secret } from '#base/log.ts'
import type { Reference } from '#base/settings.ts'
import type { AwsPlace, AzurePlace, GooglePlace, SecretPlaces, VaultPlace, Way } from '#secret/settings.ts'
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
  if (accessKeyId === null || secretAccessKey === null)
    return {
      missing:
        'no access key for AWS: set secrets.aws.access_key_id and secret_access_key, or the variables of these names',
    }
  return {
    ...(await looks.way(block, 'aws')),
    region,
    accessKeyId,
    secretAccessKey,
    sessionToken: await looks.secret(
      block?.session_token,
      ['aws', 'session_token'],
      isOfEnvironment ? 'AWS_SESSION_TOKEN' : '',
    ),
    endpoint: block?.endpoint ?? null,
  }
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

const azureOf = async (block: Block['azure'], looks: Looks): Promise<AzurePlace | { missing: string }> => {
  const tenantId = block?.tenant_id ?? looks.named('AZURE_TENANT_ID')
  const clientId = block?.client_id ?? looks.named('AZURE_CLIENT_ID')
  const clientSecret = await looks.secret(block?.client_secret, ['azure', 'client_secret'], 'AZURE_CLIENT_SECRET')
  if (tenantId === null || clientId === null || clientSecret === null)
    return {
      missing:
        'no application for Azure: set secrets.azure.tenant_id, client_id and client_secret, or AZURE_TENANT_ID and so on',
    }
  return {
    ...(await looks.way(block, 'azure')),
    vaultUrl: block?.vault_url === undefined ? null : trimmed(block.vault_url),
    tenantId,
    clientId,
    clientSecret,
    authority: trimmed(block?.authority ?? 'https://login.microsoftonline.com'),
  }
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
