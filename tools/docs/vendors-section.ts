import type { Vendor } from '#provider/vendor.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim()
const code = (text: string): string => `\`${text}\``

function rowOf(vendor: Vendor): string {
  const regions = Object.entries(vendor.regions).map(([region, address]) => `${code(region)}: ${address}`)
  const own = vendor.baseUrl ?? '`base_url` must be given'
  const address = regions.length > 0 ? regions.join(', ') : vendor.local ? `${own}, with \`allow_private: true\`` : own
  const key = vendor.keyEnv.length > 0 ? vendor.keyEnv.map(code).join(', ') : vendor.keyless ? 'none needed' : ''
  const options = Object.entries(vendor.options).map(([name, meaning]) => `${code(name)}: ${meaning}`)
  return `| ${code(vendor.name)} | ${cell(vendor.title)} | ${cell(address)} | ${key} | ${cell(options.join('; '))} |`
}

/** The vendors that a provider can name, for the page of configuration. */
export function vendorsSection(vendors: readonly Vendor[]): string {
  return `## Vendors

What \`providers.NAME.vendor\` can be. A provider without \`api_key\` takes the first of its vendor's variables that holds one;
without the block \`providers\`, each vendor with such a variable becomes a provider under the name of the vendor.

| vendor | title | address | variables of its key | options |
|---|---|---|---|---|
${vendors
  .filter((vendor) => !vendor.inProcess)
  .map(rowOf)
  .join('\n')}
`
}

/** What a caller who leaves pays for, vendor by vendor, as each declares it. */
export function leavingSection(vendors: readonly Vendor[]): string {
  const rows = vendors
    .filter((vendor) => !vendor.inProcess)
    .map(({ name, leavePolicy, streamUsage, showsReasoning }) => {
      const usage = { ask: 'asked for', always: 'comes by itself', never: 'asking is refused' }[streamUsage]
      return `| ${code(name)} | ${leavePolicy} | ${usage} | ${showsReasoning ? 'shown' : 'may be hidden'} |`
    })
  return `## When a caller leaves

\`cancel\`: the provider is left at once, and what was delivered is counted. \`drain\`: it is read to its end, for at most 30 s, because it bills the
whole answer anyway. Before the first part every provider is left at once, and nothing is charged. The policy that decided is named on the
receipt (\`GET /v1/generation?id=\`). \`reasoning\`: whether a stream shows all that is billed, so that it can be held for in slices
(docs/operate/money.md).

| vendor | policy | usage of a stream | reasoning |
|---|---|---|---|
${rows.join('\n')}
`
}
