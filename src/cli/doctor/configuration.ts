/** Checks of the configuration: faults, warnings, exposure, models that end. */

import type { CommandLinePorts } from '#cli/ports.ts'
import type { Config, Loaded } from '#config/config.ts'
import { faultText } from '#config/fault.ts'
import type { Finding } from './check.ts'
import { fail, ok, warn } from './check.ts'
import { isForThisMachine } from './place.ts'

/** One finding for each fault, or one that all is well; warnings follow. */
export const checkConfig = (file: string | null, loaded: Loaded): readonly Finding[] => {
  const words = { id: 'config', title: 'Configuration' }
  if (!loaded.ok)
    return loaded.faults.map((fault) =>
      fail({ ...words, detail: faultText(fault), mend: 'Mend the line that is named; the message says how.' }),
    )
  const { config } = loaded
  const detail = file === null ? 'no file: defaults, and providers from the environment' : (config.file ?? file)
  return [
    ok({ ...words, detail }),
    ...config.warnings.map((fault) =>
      warn({ ...words, detail: faultText(fault), mend: 'Change it if it is not meant so.' }),
    ),
  ]
}

/** Whether secrets could be found: said apart, because it is what people ask for. */
export const checkSecrets = (config: Config): Finding => {
  const references = config.providers.flatMap((provider) => provider.credentials.map(({ reference }) => reference))
  const words = { id: 'secrets', title: 'Secrets' }
  const unique = [...new Set(references)]
  return ok({ ...words, detail: unique.length === 0 ? 'no reference to follow' : `found: ${unique.join(', ')}` })
}

/** Whether keys would travel in the clear. */
export const checkExposure = ({ server }: Config): Finding => {
  const words = { id: 'exposure', title: 'Exposure' }
  if (isForThisMachine(server.host)) return ok({ ...words, detail: `listens on ${server.host}, for this machine only` })
  if (server.tls !== null) return ok({ ...words, detail: `listens on ${server.host} with TLS` })
  const isBehindProxy = server.trustedProxies.length > 0
  if (isBehindProxy)
    return ok({ ...words, detail: `listens on ${server.host} behind ${server.trustedProxies.join(', ')}` })
  return warn({
    ...words,
    detail: `listens on ${server.host} without TLS: keys travel in the clear`,
    mend: 'Set server.tls, or put a proxy with TLS in front and name it in server.trusted_proxies.',
  })
}

/** Targets whose model has ended or will. */
export const checkRetirements = async (
  config: Config,
  retirementOf: CommandLinePorts['retirementOf'],
): Promise<readonly Finding[]> => {
  const findings: Finding[] = []
  for (const model of config.models) {
    for (const target of model.targets) {
      const vendor = config.providers.find((provider) => provider.name === target.provider)?.vendor
      const retirement = vendor === undefined ? null : await retirementOf(vendor, target.model)
      if (retirement === null) continue
      const words = { id: `model:${model.id}`, title: `Model ${model.id}` }
      const successor = retirement.successor === null ? 'another model' : `'${retirement.successor}'`
      const mend = `Point the target at ${successor}.`
      const detail = `${target.provider}/${target.model} ${retirement.isPast ? 'was' : 'will be'} switched off on ${retirement.on}`
      findings.push(retirement.isPast ? fail({ ...words, detail, mend }) : warn({ ...words, detail, mend }))
    }
  }
  if (findings.length > 0) return findings
  const count = config.models.reduce((sum, model) => sum + model.targets.length, 0)
  return [
    ok({
      id: 'models',
      title: 'Models',
      detail: count === 0 ? 'none declared: the catalog serves' : `${count} targets, none known to end`,
    }),
  ]
}

/** A notice for the next year comes about two months before it: from here on it should be there. */
const noticeDays = 30
const dayMs = 86_400_000

const dayText = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)

/** Prices that change with the time of day but on holidays: whether the holidays are known long enough. */
export const checkCalendars = async (
  config: Config,
  { calendarsOf, clock }: Pick<CommandLinePorts, 'calendarsOf' | 'clock'>,
): Promise<readonly Finding[]> => {
  const vendors = [...new Set(config.providers.map(({ vendor }) => vendor))]
  return (await calendarsOf(vendors)).map(({ name, title, through, assumedThrough, vendors: users }) => {
    const words = { id: `calendar:${name}`, title: 'Holidays' }
    const nowMs = clock.nowMs()
    if (dayText(nowMs + noticeDays * dayMs) <= through)
      return ok({ ...words, detail: `${users.join(', ')}: known until ${through}` })
    const assumed =
      assumedThrough === null ? '' : `, of later ones only those that are fixed are assumed (until ${assumedThrough})`
    const past =
      dayText(nowMs) > through
        ? 'are priced beyond the end of the calendar'
        : 'will soon be priced beyond the end of the calendar'
    return warn({
      ...words,
      detail: `the hours of ${users.join(', ')} ${past}: ${title.toLowerCase()}, are known until ${through}${assumed}; any other day counts as no holiday, at the dearer price`,
      mend: 'Update Drover when the days are announced, or set prices of your own for those days (drover prices set).',
    })
  })
}
