/** Checks of what a configuration means for safety: what can be read on the way, who may come in, who is told. */

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Config } from '#config/config.ts'
import type { Finding } from './check.ts'
import { fail, ok, warn } from './check.ts'
import { hostOf, isForThisMachine, isOwn, isReadable } from './place.ts'

const dayMs = 86_400_000
const certificateDaysMin = 14
const bodiesDaysMax = 30
const callsDaysMin = 35

const isOpen = ({ server }: Config): boolean => !isForThisMachine(server.host)

const checkPublicUrl = (config: Config): Finding => {
  const words = { id: 'public-url', title: 'Public address' }
  const { publicUrl } = config.server
  if (publicUrl === null)
    return isOpen(config)
      ? warn({
          ...words,
          detail: 'server.public_url is not set: links in letters and documents lead to where the server listens',
          mend: 'Set server.public_url to the address that people use, https://relay.example.com.',
        })
      : ok({ ...words, detail: 'none, and only this machine is listened to' })
  if (!isReadable(publicUrl)) return ok({ ...words, detail: publicUrl })
  return warn({
    ...words,
    detail: `${publicUrl} is not encrypted: keys and sessions can be read on the way`,
    mend: 'Put TLS in front and write https:// into server.public_url.',
  })
}

const checkAdminListener = ({ server }: Config): Finding => {
  const words = { id: 'admin-listener', title: 'Administration' }
  const { admin, host } = server
  if (admin === null)
    return ok({ ...words, detail: `on the listener of calls (${host}); server.admin gives it one of its own` })
  if (isForThisMachine(admin.host) || server.tls !== null)
    return ok({ ...words, detail: `listens on ${admin.host}:${admin.port}` })
  return warn({
    ...words,
    detail: `listens on ${admin.host}:${admin.port} without TLS`,
    mend: 'Let server.admin.host be 127.0.0.1, or set server.tls.',
  })
}

const checkCertificate = ({ server }: Config, nowMs: number): Finding => {
  const words = { id: 'tls', title: 'Certificate' }
  const { tls } = server
  if (tls === null) return ok({ ...words, detail: 'none of its own' })
  const mend = 'Get a new one for this name and key, and put it where server.tls.cert names it.'
  try {
    const certificate = new X509Certificate(tls.certificate.reveal())
    const { subject, validTo } = certificate
    const leftMs = Date.parse(validTo) - nowMs
    const detail = `${subject.replace(/\n/g, ', ')} until ${new Date(validTo).toISOString().slice(0, 10)}`
    if (!certificate.checkPrivateKey(createPrivateKey(tls.key.reveal())))
      return fail({ ...words, detail: `${detail}; the key of server.tls.key is another one's`, mend })
    if (leftMs <= 0) return fail({ ...words, detail: `${detail}: it has ended`, mend })
    return leftMs < certificateDaysMin * dayMs ? warn({ ...words, detail, mend }) : ok({ ...words, detail })
  } catch {
    // What Node says of a broken PEM names no line of it, and may hold a part of the key.
    return fail({
      ...words,
      detail: 'certificate or key cannot be read',
      mend: 'Both must be PEM, the key without a passphrase.',
    })
  }
}

const checkProxies = ({ server }: Config): Finding => {
  const words = { id: 'trusted-proxies', title: 'Trusted proxies' }
  const all = server.trustedProxies.filter((one) => /\/0$/.test(one))
  if (all.length === 0)
    return ok({ ...words, detail: server.trustedProxies.length === 0 ? 'none' : server.trustedProxies.join(', ') })
  return fail({
    ...words,
    detail: `${all.join(', ')}: anybody can say which address they come from`,
    mend: 'Name the addresses of your own proxies: limits by address, and keys that are bound to some, go by it.',
  })
}

const checkCors = ({ server }: Config): Finding => {
  const words = { id: 'cors', title: 'Browsers' }
  const { corsOrigins } = server
  if (!corsOrigins.includes('*'))
    return ok({ ...words, detail: corsOrigins.length === 0 ? 'no other origin may ask' : corsOrigins.join(', ') })
  return warn({
    ...words,
    detail: 'pages of any origin may ask, with a key that they must hold in the browser',
    mend: 'Name the origins of your own pages in server.cors.origins.',
  })
}

const checkWorkers = ({ server }: Config, processors: number): Finding => {
  const words = { id: 'workers', title: 'Workers', detail: `${server.workers} on ${processors} processors` }
  if (server.workers <= processors) return ok(words)
  return warn({
    ...words,
    mend: `Set server.workers to ${processors} or fewer: more of them only wait for each other.`,
  })
}

const checkProviderLines = ({ providers }: Config): Finding => {
  const words = { id: 'upstream-tls', title: 'Lines to providers' }
  const readable = providers.filter(({ baseUrl, credentials }) => credentials.length > 0 && isReadable(baseUrl))
  if (readable.length === 0) return ok({ ...words, detail: 'encrypted, or within the own network' })
  return fail({
    ...words,
    detail: `${readable.map(({ name, baseUrl }) => `${name} (${baseUrl})`).join(', ')}: the provider's key travels in the clear`,
    mend: 'Write https:// into base_url.',
  })
}

const checkPrivate = ({ providers }: Config): Finding => {
  const words = { id: 'private-addresses', title: 'Private addresses' }
  const needless = providers.filter(({ allowPrivate, baseUrl }) => allowPrivate && !isOwn(hostOf(baseUrl)))
  if (needless.length === 0) return ok({ ...words, detail: 'reached only by providers that are there' })
  return warn({
    ...words,
    detail: `${needless.map(({ name }) => name).join(', ')} may reach the own network, and has a public address`,
    mend: 'Take allow_private away: whoever changes that name in DNS would lead calls into your network.',
  })
}

const checkRegions = ({ regionsAllowed, providers }: Config): Finding => {
  const words = { id: 'regions', title: 'Regions' }
  if (regionsAllowed === null) return ok({ ...words, detail: 'calls may go anywhere' })
  const unknown = providers.filter(({ region }) => region === null)
  if (unknown.length === 0) return ok({ ...words, detail: `only ${regionsAllowed.join(', ')}` })
  return warn({
    ...words,
    detail: `only ${regionsAllowed.join(', ')}, and ${unknown.map(({ name }) => name).join(', ')} says no region: no call goes there`,
    mend: "Set the provider's region, where it is one of these.",
  })
}

const checkProxyVariables = (
  { providers }: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Finding => {
  const words = { id: 'proxy', title: 'Proxy' }
  const set = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'].find((name) => (environment[name] ?? '') !== '')
  const without = providers.filter(({ proxy, baseUrl }) => proxy === null && !isOwn(hostOf(baseUrl)))
  if (set === undefined || without.length === 0) return ok({ ...words, detail: 'as drover.yaml says' })
  return warn({
    ...words,
    detail: `${set} is set, and Drover does not go by it: ${without.map(({ name }) => name).join(', ')} is reached directly`,
    mend: 'Where calls must go through the proxy, set providers.NAME.proxy.',
  })
}

const checkStoreLine = ({ store }: Config): Finding => {
  const words = { id: 'store-tls', title: 'Line to the store' }
  if (store.postgres === null) return ok({ ...words, detail: 'a file of this machine' })
  const { url, tls } = store.postgres
  const place = URL.canParse(url.reveal()) ? new URL(url.reveal()) : null
  const host = place?.hostname ?? ''
  const mode = place?.searchParams.get('sslmode') ?? null
  const isEncrypted = tls.authority !== null || (mode !== null && !['disable', 'allow', 'prefer'].includes(mode))
  if (isEncrypted) return ok({ ...words, detail: `encrypted, to ${host}` })
  if (host === '' || isForThisMachine(host)) return ok({ ...words, detail: 'within this machine' })
  return warn({
    ...words,
    detail: `not encrypted, to ${host}: its password and every record can be read on the way`,
    mend: 'Set store.tls.ca, or sslmode=verify-full in the address.',
  })
}

const checkRetention = ({ retention }: Config): Finding => {
  const words = { id: 'retention', title: 'Retention' }
  const days = Math.floor(retention.callsMs / dayMs)
  const detail = `records of calls are kept for ${days} days`
  if (days >= callsDaysMin) return ok({ ...words, detail })
  return warn({
    ...words,
    detail,
    mend: `Keep them for ${callsDaysMin} days or more: disputes about a month come after it, and no receipt can be given of a call that is gone.`,
  })
}

const checkBodies = ({ log, retention }: Config): Finding => {
  const words = { id: 'bodies', title: 'Bodies' }
  if (!log.bodies) return ok({ ...words, detail: 'no prompt and no answer is kept' })
  const days = Math.floor(retention.bodiesMs / dayMs)
  const detail = `prompts and answers are kept for ${days} days`
  if (days <= bodiesDaysMax) return ok({ ...words, detail })
  return warn({
    ...words,
    detail,
    mend: 'Shorten retention.bodies, or set log.bodies: false: what is not kept cannot leak.',
  })
}

const checkSignUp = ({ signup, notify }: Config): Finding => {
  const words = { id: 'sign-up', title: 'Sign-up' }
  if (!signup.open) return ok({ ...words, detail: 'closed' })
  if (!signup.verify_mail)
    return warn({
      ...words,
      detail: 'open, and nobody confirms a mail address: sign-up credit is given to whatever is written',
      mend: 'Set signup.verify_mail: true with mail.smtp and mail.from, or give no signup_credit.',
    })
  if (notify.mail === null)
    return fail({
      ...words,
      detail: 'open, and no letter can be sent: nobody can confirm an address',
      mend: 'Set mail.smtp and mail.from, or signup.open: false.',
    })
  return ok({ ...words, detail: 'open' })
}

const checkSignIn = ({ issuers, server }: Config): Finding => {
  const words = { id: 'sign-in', title: 'Sign-in' }
  if (issuers.length === 0) return ok({ ...words, detail: 'by passkey and password' })
  if (server.publicUrl !== null) return ok({ ...words, detail: `by ${issuers.length} issuers as well` })
  return fail({
    ...words,
    detail: 'issuers send people back to server.public_url, which is not set',
    mend: 'Set server.public_url to the address that is registered with the issuer.',
  })
}

const checkAlerts = (config: Config): Finding => {
  const words = { id: 'alerts', title: 'Alerts' }
  const { alerts } = config.notify
  if (alerts.length > 0) return ok({ ...words, detail: `${alerts.length} are sent` })
  if (!isOpen(config)) return ok({ ...words, detail: 'none, and only this machine is listened to' })
  return warn({
    ...words,
    detail: 'none: nobody is told when a provider is down or a credential is refused',
    mend: 'Set recipients and alerts (docs/operate/alerts.md), credential_dead and provider_down first.',
  })
}

const checkLetters = ({ notify, telemetry }: Config): Finding => {
  const words = { id: 'outbound-tls', title: 'Lines outside' }
  const urls = [
    ...notify.recipients.flatMap(({ way }) => (way.kind === 'webhook' ? [way.url] : [])),
    ...(telemetry === null ? [] : [telemetry.url]),
  ]
  const readable = urls.filter(isReadable)
  if (readable.length === 0) return ok({ ...words, detail: 'events and traces go encrypted, or stay within' })
  return warn({
    ...words,
    detail: `${readable.map(hostOf).join(', ')}: events or traces can be read on the way`,
    mend: 'Write https:// into these addresses.',
  })
}

const checkSeller = ({ seller, payments }: Config): Finding => {
  const words = { id: 'seller', title: 'Documents' }
  const { stripe, wechat, alipay } = payments
  if (seller !== null) return ok({ ...words, detail: 'invoices and statements are issued' })
  if (stripe === null && wechat === null && alipay === null)
    return ok({ ...words, detail: 'none, and nothing is sold' })
  return warn({
    ...words,
    detail: 'credit is sold, and no invoice can be issued',
    mend: 'Set the block seller: name, address and tax id, as your law asks.',
  })
}

const checkNames = ({ server }: Config): Finding => {
  const words = { id: 'host', title: 'Host' }
  if (isIP(server.host) !== 0 || server.host === 'localhost') return ok({ ...words, detail: server.host })
  return warn({
    ...words,
    detail: `server.host is the name '${server.host}', which is looked up when the server starts`,
    mend: 'Write an address of this machine, or 0.0.0.0.',
  })
}

export type PostureFacts = {
  readonly nowMs: number
  readonly processors: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** One finding for each question, whatever its answer. */
export const checkPosture = (config: Config, { nowMs, processors, environment }: PostureFacts): readonly Finding[] => [
  checkNames(config),
  checkPublicUrl(config),
  checkAdminListener(config),
  checkCertificate(config, nowMs),
  checkProxies(config),
  checkCors(config),
  checkWorkers(config, processors),
  checkProviderLines(config),
  checkPrivate(config),
  checkRegions(config),
  checkProxyVariables(config, environment),
  checkStoreLine(config),
  checkRetention(config),
  checkBodies(config),
  checkSignUp(config),
  checkSignIn(config),
  checkAlerts(config),
  checkLetters(config),
  checkSeller(config),
]
