/** Checks of the providers: one free call with each credential. */

import { Problem } from '#base/problem.ts'
import type { CheckReply, CommandLinePorts } from '#cli/ports.ts'
import type { ProviderConfig, ResolvedSecret } from '#config/config.ts'
import type { Vendor } from '#provider/vendor.ts'
import type { Finding } from './check.ts'
import { fail, ok, skip, warn } from './check.ts'

const checkTimeoutMs = 10_000
const clockSkewMsMax = 300_000
const attemptsAtOnceMax = 8

type Ports = Pick<CommandLinePorts, 'checkProvider' | 'vendors' | 'clock'>
type Subject = {
  readonly provider: ProviderConfig
  readonly vendor: Vendor
  readonly credential: ResolvedSecret | null
}

const addressOf = ({ provider, vendor }: Subject): URL => {
  const [path = '', query = ''] = (vendor.checkPath ?? '').split('?')
  const url = new URL(`${provider.baseUrl}/${path.replace(/^\/+/, '')}`)
  url.search = query
  return url
}

const headersOf = ({ provider, vendor, credential }: Subject): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()])),
  ...(credential === null ? {} : vendor.authorise(credential.secret)),
})

const skewOf = (reply: CheckReply, nowMs: number): number | null => {
  const dateMs = Date.parse(reply.headers['date'] ?? '')
  return Number.isNaN(dateMs) ? null : nowMs - dateMs
}

const findingOf = (subject: Subject, reply: CheckReply, nowMs: number): Finding => {
  const { provider, vendor, credential } = subject
  const words = { id: `provider:${provider.name}`, title: `Provider ${provider.name}` }
  const key = credential === null ? 'without a key' : `with ${credential.reference}`
  const detail = `${addressOf(subject).origin} answered ${reply.status} ${key}`
  if (reply.status === 401 || reply.status === 403) {
    const page = vendor.keyPage === null ? '' : ` Keys are at ${vendor.keyPage}.`
    const region =
      Object.keys(vendor.regions).length > 1
        ? ` Its regions (${Object.keys(vendor.regions).join(', ')}) have keys of their own.`
        : ''
    return fail({
      ...words,
      detail,
      mend: `The provider refuses the key. Check it, and the account behind it.${region}${page}`,
    })
  }
  if (reply.status === 404 || reply.status === 405)
    return warn({
      ...words,
      detail,
      mend: 'Nothing is at the address that was tried. Check that base_url ends with the version segment (…/v1).',
    })
  if (reply.status >= 500) return warn({ ...words, detail, mend: 'The provider has trouble. Try again later.' })
  if (reply.status === 429)
    return warn({ ...words, detail, mend: 'The key works, and its limit or credit is used up.' })
  if (reply.status >= 400)
    return warn({ ...words, detail, mend: 'The free check was refused; calls may work all the same.' })
  const skewMs = skewOf(reply, nowMs)
  if (skewMs !== null && Math.abs(skewMs) > clockSkewMsMax)
    return warn({
      ...words,
      detail: `${detail}, and its clock differs from ours by ${Math.round(skewMs / 1000)} s`,
      mend: 'Set the clock of this machine ("timedatectl set-ntp true").',
    })
  return ok({ ...words, detail })
}

const checkOne = async (subject: Subject, { checkProvider, clock }: Ports): Promise<Finding> => {
  const { provider, vendor } = subject
  const words = { id: `provider:${provider.name}`, title: `Provider ${provider.name}` }
  if (vendor.inProcess || vendor.checkPath === null) return skip({ ...words, detail: 'it has no call that is free' })
  try {
    const request = { provider, url: addressOf(subject), headers: headersOf(subject), timeoutMs: checkTimeoutMs }
    return findingOf(subject, await checkProvider(request), clock.nowMs())
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    const mend = provider.allowPrivate
      ? 'Check that the server runs and that base_url is its address.'
      : 'Check base_url, the network, and the proxy. A private address needs allow_private: true.'
    return fail({ ...words, detail: thrown.message, mend })
  }
}

/** One finding for each credential of each provider, in the order of the configuration. */
export const checkProviders = async (
  providers: readonly ProviderConfig[],
  ports: Ports,
): Promise<readonly Finding[]> => {
  if (providers.length === 0)
    return [
      warn({
        id: 'providers',
        title: 'Providers',
        detail: 'there is none: only test keys get answers, from the sandbox',
        mend: "Set a provider's key (MOONSHOT_API_KEY, OPENAI_API_KEY …), or run 'drover init'.",
      }),
    ]
  const subjects = providers.flatMap((provider): readonly Subject[] => {
    const vendor = ports.vendors.find((one) => one.name === provider.vendor)
    if (vendor === undefined) return []
    const { credentials } = provider
    return credentials.length === 0
      ? [{ provider, vendor, credential: null }]
      : credentials.map((credential) => ({ provider, vendor, credential }))
  })
  const findings: Finding[] = []
  for (let start = 0; start < subjects.length; start += attemptsAtOnceMax)
    findings.push(
      ...(await Promise.all(
        subjects.slice(start, start + attemptsAtOnceMax).map((subject) => checkOne(subject, ports)),
      )),
    )
  return findings
}
