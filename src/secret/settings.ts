/** What can be configured about secrets: the block `secrets`. */

import { z } from 'zod'
import type { Secret } from '#base/log.ts'
import type { Sentence } from '#base/sentence.ts'
import type { Reference } from '#base/settings.ts'
import { duration, line, reference, url } from '#base/settings.ts'

/** The server key, given as text, has at least this many characters. */
export const secretKeyLengthMin = 32

const allowPrivate = z.boolean().default(false).describe('Its address may be on the own machine or network.')

const authorities = line(1000).optional().describe('PEM file of authorities that its certificate may come from.')

const mountForm = /^[A-Za-z0-9_][A-Za-z0-9_/-]{0,127}$/

const vault = z
  .strictObject({
    address: url().optional().describe('Where it is, `https://vault.example:8200`. Absent: VAULT_ADDR.'),
    namespace: line(200).optional().describe('Its namespace. Absent: VAULT_NAMESPACE, else none.'),
    mount: line(128)
      .regex(mountForm, 'must be the path of a mount')
      .default('secret')
      .describe('Where the key-value engine (version 2) is mounted; references name paths in it.'),
    token: reference().optional().describe('A token that may read. Absent, and without app_role: VAULT_TOKEN.'),
    app_role: z
      .strictObject({
        role_id: reference().describe('The id of the role.'),
        secret_id: reference().describe('Its secret.'),
        mount: line(128)
          .regex(mountForm, 'must be the path of a mount')
          .default('approle')
          .describe('Where AppRole is mounted.'),
      })
      .optional()
      .describe('Signs in as an AppRole, and renews the token that it gets.'),
    ca_file: authorities,
    allow_private: allowPrivate,
  })
  .describe('HashiCorp Vault or OpenBao, for references `vault:path#field`.')

const aws = z
  .strictObject({
    region: line(64)
      .regex(/^[a-z0-9-]+$/, 'must be a region such as eu-central-1')
      .optional()
      .describe('Absent: AWS_REGION, else AWS_DEFAULT_REGION.'),
    access_key_id: reference().optional().describe('Absent: AWS_ACCESS_KEY_ID.'),
    secret_access_key: reference().optional().describe('Absent: AWS_SECRET_ACCESS_KEY.'),
    session_token: reference()
      .optional()
      .describe('Of temporary keys. Absent: AWS_SESSION_TOKEN where the keys are of the environment too, else none.'),
    endpoint: url().optional().describe("Another address than the region's own: of an interface endpoint."),
    metadata: url(['http'])
      .optional()
      .describe("Another metadata service than the instance's. Absent: AWS_EC2_METADATA_SERVICE_ENDPOINT."),
    ca_file: authorities,
    allow_private: allowPrivate,
  })
  .describe(
    'AWS Secrets Manager, for references `aws-sm:name#field`. Without an access key: the role of the pod, task or instance.',
  )

const gcp = z
  .strictObject({
    project: line(64).optional().describe("Of names that give none. Absent: the service account's own."),
    credentials: reference()
      .optional()
      .describe(
        "The JSON key of a service account. Absent: the file that GOOGLE_APPLICATION_CREDENTIALS names, else the machine's own account, by its metadata server.",
      ),
    endpoint: url().optional().describe('Another address, of a regional or private endpoint.'),
    metadata: url(['http']).optional().describe('Another metadata server than `http://metadata.google.internal`.'),
    ca_file: authorities,
    allow_private: allowPrivate,
  })
  .describe('Google Secret Manager, for references `gcp-sm:project/name#field`.')

const azure = z
  .strictObject({
    vault_url: url(['https', 'http'])
      .optional()
      .describe('Of names that give no vault, `https://NAME.vault.azure.net`.'),
    tenant_id: line(100).optional().describe('Absent: AZURE_TENANT_ID.'),
    client_id: line(100).optional().describe('Absent: AZURE_CLIENT_ID.'),
    client_secret: reference()
      .optional()
      .describe(
        'Absent: AZURE_CLIENT_SECRET, else the statement in the file that AZURE_FEDERATED_TOKEN_FILE names, else the managed identity of this machine.',
      ),
    metadata: url(['http']).optional().describe("Another metadata service than the machine's."),
    authority: url()
      .default('https://login.microsoftonline.com')
      .describe('Who gives tokens: other clouds have others.'),
    ca_file: authorities,
    allow_private: allowPrivate,
  })
  .describe('Azure Key Vault, for references `azure-kv:vault/name#field`.')

/** The block `secrets`. */
export const secretSettings = z
  .strictObject({
    key: reference()
      .optional()
      .describe(
        'The key that credentials in the store are encrypted with and key digests are made with: 32 characters or more, or `hex:` and the digits of a `secret.key` that was made before. Absent: made once at `<data>/secret.key`.',
      ),
    refresh: duration({ min: '1s', max: '1h' })
      .prefault('30s')
      .describe(
        'How often secrets in a secret manager are looked at again. A changed one is in force then, without a restart.',
      ),
    vault: vault.optional(),
    aws: aws.optional(),
    gcp: gcp.optional(),
    azure: azure.optional(),
  })
  .describe("The server's own key, and where secrets are kept that references name.")

/** How a place is reached. */
export type Way = { readonly allowPrivate: boolean /** PEM. */; readonly certificateAuthorities: string | null }

export type VaultPlace = Way & {
  /** Without a slash at its end. */
  readonly address: string
  readonly namespace: string | null
  readonly mount: string
  readonly token: Secret | null
  readonly appRole: { readonly roleId: Secret; readonly secretId: Secret; readonly mount: string } | null
}

/** A token in a file becomes the key of a role. */
export type AwsWebIdentity = {
  readonly kind: 'web-identity'
  readonly roleArn: string
  readonly tokenFile: string
  readonly sessionName: string
  /** Of STS; `null` = the region's own. */
  readonly endpoint: string | null
}

/** The role of a task or a pod. */
export type AwsContainer = {
  readonly kind: 'container'
  readonly url: string
  readonly tokenFile: string | null
  readonly token: Secret | null
}

export type AwsCredentials =
  | {
      readonly kind: 'key'
      readonly accessKeyId: Secret
      readonly secretAccessKey: Secret
      readonly sessionToken: Secret | null
    }
  | AwsWebIdentity
  | AwsContainer
  /** The role of the instance; `metadata` = its service is at another address. */
  | { readonly kind: 'instance'; readonly metadata: string | null }

export type AwsPlace = Way & {
  readonly region: string
  readonly credentials: AwsCredentials
  readonly endpoint: string | null
}

export type GooglePlace = Way & {
  readonly project: string | null
  /** The JSON of a service account; `null` = the machine's own. */
  readonly credentials: Secret | null
  readonly endpoint: string | null
  readonly metadata: string | null
}

export type AzureApplication = {
  readonly kind: 'application'
  readonly tenantId: string
  readonly clientId: string
  /** A secret, or the file of a statement that the application trusts. */
  readonly proof:
    | { readonly kind: 'secret'; readonly secret: Secret }
    | { readonly kind: 'file'; readonly file: string }
  readonly authority: string
}

export type AzureManaged = {
  readonly kind: 'managed'
  /** Of several identities the one that is meant; `null` = the machine's own. */
  readonly clientId: string | null
  /** Of App Service and its like; `null` = the service of virtual machines. */
  readonly service: { readonly endpoint: string; readonly header: Secret } | null
  /** Another address of the latter. */
  readonly metadata: string | null
}

export type AzurePlace = Way & {
  readonly vaultUrl: string | null
  readonly credentials: AzureApplication | AzureManaged
}

/** The places that a configuration and its environment name; `missing` = what has to be said before one can be asked. */
export type SecretPlaces = {
  readonly vault: VaultPlace | { readonly missing: string }
  readonly aws: AwsPlace | { readonly missing: string }
  readonly gcp: GooglePlace | { readonly missing: string }
  readonly azure: AzurePlace | { readonly missing: string }
  readonly refreshMs: number
}

/** Secrets that are kept elsewhere, as this process knows them. */
export type SecretKeeper = {
  /** From now on these are asked. What was fetched from others is not given any more. */
  readonly open: (places: SecretPlaces) => void
  /**
   * What the reference means. While its place is away the last good value is given, with a warning.
   * @throws Problem `not_found` where there is none, `upstream_error` where its place does not answer and nothing is known.
   */
  readonly read: (reference: Reference) => Promise<string>
  /** Does what a write does before it sends anything. @throws Problem where that could not be done. */
  readonly tryWrite: (reference: Reference) => Promise<void>
  /** Writes a new version there. @throws Problem. */
  readonly write: (reference: Reference, value: string) => Promise<void>
  /** A configuration that names these is in force: what else was read is forgotten. */
  readonly keepOnly: (references: readonly Reference[]) => void
  /** Fetches all that was read, anew; whether any of it is another. Never rejects. */
  readonly refresh: () => Promise<boolean>
  /** Whether anything was read from a place. */
  readonly isUsed: () => boolean
  /** What is served from memory because its place is away, for people. */
  readonly warnings: () => readonly Sentence[]
  readonly close: () => Promise<void>
}
