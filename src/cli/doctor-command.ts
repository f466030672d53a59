/** `drover doctor`: checks everything, with free calls only, and says how to mend each. */

import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { textsOf } from '#base/sentence.ts'
import type { Config } from '#config/config.ts'
import { askServer } from './ask-server.ts'
import type { Finding, Verdict } from './doctor/check.ts'
import { ok, warn } from './doctor/check.ts'
import { checkCalendars, checkConfig, checkExposure, checkRetirements, checkSecrets } from './doctor/configuration.ts'
import { checkCredit } from './doctor/credit.ts'
import {
  checkFileSystem,
  checkMemory,
  checkOpenFiles,
  checkServerKey,
  checkUser,
  memoryBytes,
  systemText,
} from './doctor/host.ts'
import { checkIssuers } from './doctor/issuers.ts'
import {
  checkClock,
  checkDataFolder,
  checkDisk,
  checkNode,
  checkPermissions,
  checkPort,
  existing,
} from './doctor/machine.ts'
import { checkPosture } from './doctor/posture.ts'
import { checkProviders } from './doctor/provider.ts'
import { checkRedis } from './doctor/redis.ts'
import { askRunning, checkReadiness, checkSecretManagers, checkVersion } from './doctor/running.ts'
import { checkStored, lookInStore, withStored } from './doctor/stored.ts'
import type { CommandLinePorts, LockHolder } from './ports.ts'
import { configSource, dataFolderOf } from './settings-source.ts'
import type { Shell } from './shell.ts'
import type { Style, Terminal } from './terminal.ts'

type Flags = { readonly config?: string; readonly data?: string; readonly offline?: boolean; readonly json?: boolean }

const lockTimeoutMs = 5000

const isAlive = async (url: string, certificate: string | null): Promise<boolean> => {
  try {
    const signal = AbortSignal.timeout(lockTimeoutMs)
    const { status } = await askServer({ url: new URL(`${url}/health/liveness`), signal, certificate })
    return status === 200
  } catch {
    return false
  }
}

type ServedBy = { readonly url: string; readonly certificate: string | null }

/** Whether a server runs on the data folder, and answers. */
const checkLock = async (
  lock: LockHolder | null,
): Promise<{ readonly finding: Finding; readonly servedBy: ServedBy | null }> => {
  const words = { id: 'lock', title: 'Server' }
  if (lock === null) return { finding: ok({ ...words, detail: 'none runs on this data folder' }), servedBy: null }
  if (lock.url === null)
    return {
      finding: ok({ ...words, detail: `process ${lock.pid} is starting, or a command holds the folder` }),
      servedBy: null,
    }
  const { url, certificate } = lock
  if (await isAlive(url, certificate))
    return { finding: ok({ ...words, detail: `runs at ${url}, process ${lock.pid}` }), servedBy: { url, certificate } }
  return {
    finding: warn({
      ...words,
      detail: `the lock names ${lock.url} (process ${lock.pid}), which does not answer`,
      mend: 'If that process has ended, there is nothing to do: the next start takes the folder over. If it hangs, end it.',
    }),
    servedBy: null,
  }
}

const checkHost = async (config: Config, data: string): Promise<readonly Finding[]> => [
  checkUser(process.getuid?.() ?? null, config),
  checkMemory(memoryBytes()),
  checkOpenFiles(await systemText('/proc/self/limits')),
  ...(await checkFileSystem(await existing(data), config)),
  await checkServerKey(data, config),
]

const checkRunning = async (servedBy: ServedBy | null, version: string): Promise<readonly Finding[]> => {
  const running = servedBy === null ? null : await askRunning(servedBy)
  return [checkReadiness(running), checkVersion(running, version)]
}

/** Every check, in the order in which one depends on the other. */
const examine = async (flags: Flags, ports: CommandLinePorts): Promise<readonly Finding[]> => {
  const source = await configSource(flags, ports)
  const loaded = await source.load()
  const data = dataFolderOf(flags, loaded, ports.workingFolder)
  const lock = await checkLock(await ports.lockHolder(data))
  const machine = [
    checkNode(ports.nodeVersion),
    checkClock(ports.clock.nowMs()),
    await checkDataFolder(data),
    await checkDisk(data),
    await checkPermissions(data),
    lock.finding,
  ]
  const configuration = checkConfig(source.file, loaded)
  if (!loaded.ok) return [...machine, ...configuration]
  const isOffline = flags.offline === true
  const found = await lookInStore({ config: loaded.config, data, isOffline }, ports)
  const isFinding = 'verdict' in found
  const stored = isFinding ? [found] : checkStored(loaded.config, found)
  const config = isFinding ? loaded.config : withStored(loaded.config, found)
  return [
    ...machine,
    ...configuration,
    ...stored,
    ...(await checkHost(config, data)),
    checkSecrets(config),
    checkSecretManagers(ports.secrets.isUsed(), textsOf(ports.secrets.warnings())),
    await checkPort(config.server.host, config.server.port, lock.servedBy?.url ?? null),
    ...(await checkRunning(lock.servedBy, ports.version)),
    checkExposure(config),
    ...checkPosture(config, { nowMs: ports.clock.nowMs(), processors: availableParallelism(), ...ports }),
    ...(await checkRetirements(config, ports.retirementOf)),
    ...(await checkCalendars(config, ports)),
    ...(isOffline ? [] : await checkIssuers(config.issuers, ports)),
    ...(isOffline ? [] : await checkRedis(config.cluster.redis, ports)),
    ...(isOffline ? [] : await checkProviders(config.providers, ports)),
    ...(isOffline ? [] : await checkCredit(config.providers, ports)),
  ]
}

const marks: Readonly<Record<Verdict, readonly [mark: string, style: Style]>> = {
  ok: ['ok  ', 'good'],
  warn: ['warn', 'doubtful'],
  fail: ['FAIL', 'bad'],
  skip: ['skip', 'faint'],
}

const tell = (findings: readonly Finding[], terminal: Terminal): void => {
  const width = Math.max(...findings.map(({ title }) => title.length))
  for (const { verdict, title, detail, mend } of findings) {
    const [mark] = marks[verdict]
    terminal.data(`${mark}  ${title.padEnd(width)}  ${detail}\n`)
    if (mend !== null) terminal.data(`${' '.repeat(width + 8)}-> ${mend}\n`)
  }
}

/** The command; whether anything failed goes to `exited` as 0 or 1. */
export const doctorCommand = ({ ports, terminal }: Shell, exited: (code: number) => void): Command => {
  const command = new Command('doctor')
    .description('Check everything, with free calls only, and say how to mend each.')
    .allowExcessArguments(false)
    .option('--config <file>', 'The configuration (default: drover.yaml, where it exists).')
    .option('--data <folder>', "The data folder (default: the configuration's, else ./data).")
    .option('--offline', 'Ask no provider, no issuer, and no Redis.')
    .option('--json', 'Print JSON.')
  return command.action(async () => {
    const flags = command.opts<Flags>()
    const findings = await examine(flags, ports)
    const failed = findings.filter(({ verdict }) => verdict === 'fail').length
    const warned = findings.filter(({ verdict }) => verdict === 'warn').length
    if (flags.json === true) terminal.json({ ok: failed === 0, checks: findings })
    else tell(findings, terminal)
    const sum = failed === 0 ? 'Nothing is broken' : `${failed} of ${findings.length} checks failed`
    const [, style] = marks[failed === 0 ? 'ok' : 'fail']
    terminal.talk(terminal.paint(style, `${sum}${warned === 0 ? '.' : `; ${warned} to look at.`}`))
    exited(failed === 0 ? 0 : 1)
  })
}
