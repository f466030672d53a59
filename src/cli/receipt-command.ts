/** `drover receipt verify`: whether a receipt is genuine, and whether it is of the body that one has. Asks nobody where the keys are given. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { operations } from '#admin/operations.ts'
import { boundedBytes } from '#base/bounded-bytes.ts'
import type { ReceiptKey, SignedReceipt } from '#base/receipt.ts'
import { verifyReceipt } from '#base/receipt.ts'
import type { ConnectionFlags } from './connection.ts'
import { connect } from './connection.ts'
import { hostOf, isForThisMachine } from './doctor/place.ts'
import { Failure, usageFailure } from './failure.ts'
import { parsedJson, readTextFile } from './file.ts'
import { addConnectionFlags } from './operation-command.ts'
import type { Shell } from './shell.ts'

type Flags = ConnectionFlags & {
  readonly keys?: string
  readonly delivered?: string
  readonly upstream?: string
  readonly json?: boolean
}

/** Keys are a few hundred bytes each. */
const keysBytesMax = 1_048_576
const keysTimeoutMs = 10_000

/** Whoever can change the keys on the way can prove whatever receipt. */
const checkWay = (url: string): void => {
  if (url.startsWith('https:') || isForThisMachine(hostOf(url))) return
  throw usageFailure(
    `The keys at ${url} could be changed on the way.`,
    'Give an address of https, or the keys as a file that you have from somebody you trust.',
  )
}

const fetchedKeys = async (url: string): Promise<string> => {
  const failed = (why: string): Failure =>
    new Failure({
      what: `The keys at ${url} cannot be read.`,
      why,
      next: 'Check the address, or give the keys as a file.',
      code: 'unreachable',
    })
  try {
    const reply = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(keysTimeoutMs) })
    if (reply.status !== 200) throw failed(`It answered ${reply.status}.`)
    const bytes = reply.body === null ? Buffer.alloc(0) : await boundedBytes(reply.body, keysBytesMax)
    if (bytes === null) throw failed(`It is larger than ${keysBytesMax} bytes.`)
    return bytes.toString('utf8')
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown
    const { cause } = thrown as { cause?: NodeJS.ErrnoException }
    throw failed(cause?.code ?? (thrown instanceof Error ? thrown.message : String(thrown)))
  }
}

const keysIn = (text: string, from: string): readonly ReceiptKey[] => {
  const value = parsedJson(text, from) as unknown as { readonly keys?: unknown } | null
  const list = Array.isArray(value) ? value : value?.keys
  if (Array.isArray(list)) return list.filter((key) => typeof key?.kid === 'string') as readonly ReceiptKey[]
  throw usageFailure(
    `${from} holds no keys.`,
    'It needs {"keys": […]}, as /.well-known/drover-receipt-keys.json has it.',
  )
}

const keysFor = async (flags: Flags, { ports }: Shell): Promise<readonly ReceiptKey[]> => {
  const { keys } = flags
  if (keys !== undefined && /^https?:\/\//.test(keys)) {
    checkWay(keys)
    return keysIn(await fetchedKeys(keys), keys)
  }
  if (keys !== undefined) return keysIn(await readTextFile(resolve(ports.workingFolder, keys)), keys)
  const list = operations.find(({ noun, verb }) => noun === 'receipt' && verb === 'keys')
  if (list === undefined) return []
  const client = await connect(flags, ports)
  try {
    return ((await client.run(list, {})) as { readonly keys: readonly ReceiptKey[] }).keys
  } finally {
    await client.close()
  }
}

const digestOfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array)
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Failure({ what: `${path} cannot be read.`, why, next: 'Check the name.', code: 'unreadable' }, 1, thrown)
  }
  return hash.digest('hex')
}

/** What does not fit between a genuine receipt and the bodies that one has. */
const bodyFaults = async (
  { receipt }: SignedReceipt,
  flags: Flags,
  workingFolder: string,
): Promise<readonly string[]> => {
  const faults: string[] = []
  const given = [
    ['delivered', flags.delivered, receipt.delivered_sha256],
    ['upstream', flags.upstream, receipt.upstream_sha256],
  ] as const
  for (const [side, file, signed] of given) {
    if (file === undefined) continue
    if (signed === null) {
      faults.push(`the receipt has no digest of the ${side} body: log.digests was off, or there was no body`)
      continue
    }
    const own = await digestOfFile(resolve(workingFolder, file))
    if (own !== signed) faults.push(`${file} has the digest ${own}, the receipt says ${signed} of the ${side} body`)
  }
  return faults
}

const line = ({ receipt }: SignedReceipt, key: string): string => {
  const { call, time, model, provider, cost_nano_usd: cost, identical } = receipt
  const bytes =
    identical === null ? 'bodies not compared' : identical ? 'delivered as the provider sent it' : 'delivered changed'
  return `genuine: ${call} ${time} ${model ?? '-'} at ${provider ?? '-'}, ${cost ?? 'unpriced'} nano-USD, ${bytes} (key ${key})\n`
}

const run = async (file: string, flags: Flags, shell: Shell): Promise<boolean> => {
  const { ports, terminal } = shell
  const value: unknown = parsedJson(await readTextFile(resolve(ports.workingFolder, file)), file)
  const verdict = verifyReceipt(value, await keysFor(flags, shell))
  const faults = verdict.ok ? await bodyFaults(value as SignedReceipt, flags, ports.workingFolder) : [verdict.why]
  const ok = faults.length === 0
  if (flags.json === true) {
    const receipt = (value as { readonly receipt?: SignedReceipt['receipt'] } | null)?.receipt ?? null
    terminal.json({ ok, key: verdict.ok ? verdict.key : null, problems: faults, call: receipt?.call ?? null })
  } else if (verdict.ok && ok) terminal.data(line(value as SignedReceipt, verdict.key))
  else terminal.data(`NOT GENUINE: ${file}: ${faults.join('; ')}\n`)
  return ok
}

/** Puts `verify` beside what the admin operations make of `receipt`; other commands are given back as they are. */
export const addReceiptVerify = (command: Command, shell: Shell, exited: (code: number) => void): Command => {
  if (command.name() !== 'receipt') return command
  const verify = new Command('verify')
    .description(
      'Check a receipt: its signature, and the digests of bodies that are given. Exit 1 where it is not genuine.',
    )
    .allowExcessArguments(false)
    .argument('<file>', "What GET /v1/receipt or 'drover receipt show' gave.")
    .option(
      '--keys <file|url>',
      'The published keys, for a check without the relay (default: those of the server or the store).',
    )
    .option('--delivered <file>', 'The body that you were sent: must have the digest that the receipt says.')
    .option('--upstream <file>', "The provider's body, where you have it from elsewhere.")
    .option('--json', 'Print JSON.')
  addConnectionFlags(verify).action(async (file: string) => {
    if (!(await run(file, verify.opts<Flags>(), shell))) exited(1)
  })
  return command.addCommand(verify)
}
