/** The text of a first drover.yaml: what was found is in force, everything else stands by as a comment. */

import type { Vendor } from '#provider/vendor.ts'

export type InitChoice = {
  /** In the order in which they are written. */
  readonly vendors: readonly Vendor[]
  /** Vendors that are offered as comments. */
  readonly others: readonly Vendor[]
  readonly host: string
  readonly port: number
  readonly environment: string
}

const referenceTo = (vendor: Vendor): string => `env:${vendor.keyEnv[0] ?? 'API_KEY'}`

const providerLine = (vendor: Vendor): string => {
  const parts = [`vendor: ${vendor.name}`]
  if (!vendor.keyless) parts.push(`api_key: "${referenceTo(vendor)}"`)
  if (vendor.baseUrl === null) parts.push('base_url: "http://127.0.0.1:8000/v1"', 'allow_private: true')
  else if (vendor.local) parts.push('allow_private: true')
  return `${vendor.name}: { ${parts.join(', ')} }`
}

const commented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  # ${line}`)

const modelExample = (vendor: Vendor | undefined): readonly string[] => [
  "# Models by the id that callers use. Without this block every model is reached by the catalog's id, or as",
  '# provider/model.',
  '# models:',
  '#   my-model:',
  '#     aliases: [another/name]',
  '#     targets:',
  `#       - { provider: ${vendor?.name ?? 'moonshot'}, model: the-id-there, weight: 9 }`,
  '#       - { provider: local, model: Qwen3, tier: 2 }      # used only when tier 1 is exhausted',
  '#     route: { retries: 2, timeout: { first_token: 60s, total: 10m } }',
  '#     price: { input: "1.00", output: "3.00" }            # USD per million tokens, in quotes',
]

const head = [
  '# Drover. Every setting is described in docs/reference/configuration.md. The file is watched: a good edit takes',
  "# effect at once, a bad one is refused and the old state stays. 'drover doctor' checks everything.",
  '# Secrets are references, env:NAME or file:/path, never literals.',
  '',
]

/** The whole text, which loads without a fault wherever the keys of `vendors` are set. */
export const initText = ({ vendors, others, host, port, environment }: InitChoice): string => {
  const offered = others.map(providerLine)
  const listed = vendors.map((vendor) => `  ${providerLine(vendor)}`)
  const providers =
    listed.length > 0
      ? ['providers:', ...listed, ...(offered.length > 0 ? ['  # Others:', ...commented(offered)] : [])]
      : [
          '# No provider key was found in the environment. Until there is one, test keys answer from the sandbox.',
          '# providers:',
          ...commented(offered).map((line) => `#${line.replace(/^ {2}# /, '   ')}`),
        ]
  return `${[
    ...head,
    'server:',
    `  host: ${host}          # 0.0.0.0 = every address of this machine`,
    `  port: ${port}`,
    `  environment: ${environment}   # keys made with --env for another environment are refused`,
    '  # public_url: "https://relay.example.com"',
    '  # trusted_proxies: [10.0.0.0/8]',
    '  # body_limit: 32mb',
    '',
    ...providers,
    '',
    ...modelExample(vendors[0]),
    '',
    '# retention: { calls: 90d, bodies: 7d }',
    '# log: { level: info, bodies: false }                    # bodies: true keeps requests and replies',
  ].join('\n')}\n`
}
