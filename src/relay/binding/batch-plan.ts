/** The lines of a batch, each looked at as the call that it is: whom it goes to, under which name, and what it can cost. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { tokensAtAdmission } from '#policy/rate.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { bytesPerToken } from '#relay/admit.ts'
import { boundOf } from '#relay/bound.ts'
import type { Group } from '#relay/candidates.ts'
import { candidatesFor } from '#relay/candidates.ts'
import { draftOf } from '#relay/draft.ts'
import { guardRequest } from '#relay/guard-request.ts'
import { paidRow } from '#relay/own-credential.ts'
import { budgetsFor } from '#relay/paying.ts'
import { prepare } from '#relay/prepare.ts'
import type { Asking } from './asking.ts'
import type { BatchModel, BatchWork } from './batch-work.ts'
import { linesMax } from './batch-work.ts'
import type { Keeper } from './keeper.ts'
import { keeps } from './keeper.ts'
import { placeOf } from './references.ts'

const customIdLengthMax = 512
const warningsMax = 20
/** Of all lines together; OpenAI takes 200 MB, Anthropic 256 MB. */
const planBytesMax = 268_435_456

export type BatchPlan = {
  /** The body as it goes to the provider. Throws Problem naming the line. */
  readonly take: (line: PlannedLine) => Promise<Buffer>
  readonly finish: () => Planned
}

export type PlannedLine = { readonly customId: unknown; readonly body: Buffer; readonly number: number }

export type Planned = {
  readonly models: readonly BatchModel[]
  readonly rows: readonly ModelRow[]
  /** What all lines can cost together; `null` = nothing needs to be held. */
  readonly amountNanoUsd: bigint | null
  /** What limits count. */
  readonly counted: NonNullable<BatchWork['counted']>
  /** Whether any line goes out other than it came. */
  readonly isChanged: boolean
  readonly warnings: readonly string[]
}

export type PlanOrder = {
  readonly asking: Asking
  readonly keeper: Keeper
  readonly protocol: Protocol
  /** Behind the version: `chat/completions`. */
  readonly endpoint: string
  readonly strict: boolean
}

type Chosen = {
  readonly group: Group
  readonly target: Target
  readonly name: string
  readonly ids: string[]
  readonly sizes: number[]
}

/** The same problem, with the line that it is about. */
const atLine = (thrown: unknown, { number, customId }: PlannedLine): unknown => {
  if (!(thrown instanceof Problem)) return thrown
  const { raw: _raw, ...detail } = thrown.detail
  const named = typeof customId === 'string' ? ` (custom_id "${customId.slice(0, 64)}")` : ''
  return new Problem(thrown.code, { ...detail, message: `Line ${number}${named}: ${thrown.message}` })
}

const refuse = (message: string, param: string): never => {
  throw new Problem('invalid_request_error', { message, param })
}

const notServed = (call: Call, groups: readonly Group[], { keeper, protocol, asking }: PlanOrder): Problem => {
  const { provider } = keeper.upstream
  const servers = [...new Set(groups.flatMap(({ targets }) => targets.map((target) => target.provider)))]
  const others = servers.filter((name) => {
    const vendor = asking.snapshot.upstreams.get(name)?.vendor
    return (
      vendor !== undefined && (['openai', 'anthropic'] as const).some((form) => keeps(vendor.shelf, 'batches', form))
    )
  })
  const hint =
    others.length === 0
      ? 'None of them takes batches: send these calls one by one.'
      : `Batches of this model are taken by ${others.map((name) => `"${name}"`).join(', ')}: upload the file there with x-drover-provider, or use that provider's own form of batches (Anthropic: POST /v1/messages/batches).`
  return new Problem('invalid_request_error', {
    message: `Model '${call.model}' is not served by provider "${provider.name}" for ${protocol.name}, where this batch would run. It is served by ${servers.join(', ') || 'nobody'}. ${hint}`,
    param: 'model',
  })
}

class Planning implements BatchPlan {
  readonly #order: PlanOrder
  readonly #seen = new Set<string>()
  readonly #chosen = new Map<string, Chosen>()
  readonly #warnings = new Set<string>()
  #amountNanoUsd = 0n
  #isChanged = false
  #bytes = 0
  #tokens = 0

  constructor(order: PlanOrder) {
    this.#order = order
  }

  async take(line: PlannedLine): Promise<Buffer> {
    try {
      return await this.#take(line)
    } catch (thrown) {
      throw atLine(thrown, line)
    }
  }

  finish(): Planned {
    const chosen = [...this.#chosen.values()]
    if (chosen.length === 0) refuse('The batch has no lines.', 'input_file_id')
    return {
      models: chosen.map(({ name, target, ids, sizes }) => ({ name, target: target.model, ids, sizes })),
      rows: chosen.map(({ group }) => group.row),
      amountNanoUsd: chosen.some(({ group }) => this.#pays(group.row)) ? this.#amountNanoUsd : null,
      counted: {
        ...{ requests: this.#seen.size, tokens: this.#tokens },
        models: [...new Set(chosen.flatMap(({ name, group }) => [name, group.row.id]))],
      },
      isChanged: this.#isChanged,
      warnings: [...this.#warnings],
    }
  }

  async #take({ customId, body }: PlannedLine): Promise<Buffer> {
    const { asking } = this.#order
    const id = this.#customId(customId)
    this.#bytes += body.length
    if (this.#bytes > planBytesMax)
      throw new Problem('body_too_large', { message: `The batch is over ${planBytesMax} bytes. Split it.` })
    const call = await this.#guarded(this.#read(body))
    const { snapshot, key, nowMs } = asking
    const place = await placeOf(asking.ports, { snapshot, call, key, nowMs })
    const { provider } = this.#order.keeper.upstream
    if (place !== null && !place.providers.includes(provider.name))
      refuse(
        `'${place.first.id.slice(0, 100)}' is kept by provider "${place.providers.join('", "')}", and this batch runs at "${provider.name}".`,
        place.first.field,
      )
    const chosen = this.#choose(call)
    chosen.ids.push(id)
    chosen.sizes.push(body.length)
    this.#tokens += tokensAtAdmission({ inputTokens: call.inputBytes / bytesPerToken, outputTokensMax: call.outputMax })
    this.#hold(call, chosen)
    return this.#written(call, chosen, body)
  }

  #customId(customId: unknown): string {
    if (typeof customId !== 'string' || customId === '' || customId.length > customIdLengthMax)
      return refuse(`'custom_id' must be a text of 1 to ${customIdLengthMax} characters.`, 'custom_id')
    if (this.#seen.has(customId))
      return refuse("'custom_id' is that of an earlier line: each is used once.", 'custom_id')
    if (this.#seen.size >= linesMax) return refuse(`A batch has at most ${linesMax} lines. Split it.`, 'custom_id')
    this.#seen.add(customId)
    return customId
  }

  #read(bytes: Buffer): Call {
    const { asking, protocol, endpoint } = this.#order
    const { inbound } = asking.exchange
    const call = protocol.server.readCall({
      ...inbound,
      method: 'POST',
      path: `/v1/${endpoint}`,
      query: new URLSearchParams(),
      body: { kind: 'bytes', bytes, contentType: 'application/json' },
    })
    if (call.stream) return refuse('A line of a batch is not streamed. Leave "stream" out.', 'stream')
    return call.models.length === 0 ? call : refuse('A line of a batch names one model. Leave "models" out.', 'models')
  }

  /** Guardrails look at each line as at a call; what a batch answers passes none, so that it may not be what they are for. */
  async #guarded(call: Call): Promise<Call> {
    const { snapshot, key, ports, exchange, nowMs } = this.#order.asking
    if (snapshot.guards.length === 0) return call
    const draft = draftOf(exchange.inbound, this.#order.protocol.name, nowMs)
    const guarded = await guardRequest({ snapshot, key, call, draft, askHook: ports.askHook })
    const [guard] = guarded.replyGuards
    if (guard === undefined) return guarded.call
    throw new Problem('content_blocked', {
      message: `The guardrail "${guard.name}" looks at the answers of this key's calls, and the answers of a batch are read past it. Send the calls one by one.`,
    })
  }

  #choose(call: Call): Chosen {
    const known = this.#chosen.get(call.model)
    if (known !== undefined) return known
    const { asking, keeper, protocol } = this.#order
    const { snapshot, key, nowMs } = asking
    const { groups, warnings } = candidatesFor({ snapshot, key, call, nowMs })
    for (const warning of warnings) this.#warn(warning)
    const own = groups.filter(({ by }) => by === 'model')
    const { provider, vendor } = keeper.upstream
    const speaks = vendor.inProcess || vendor.protocols.includes(protocol.name)
    for (const group of own) {
      const target = group.targets.find((one) => one.provider === provider.name)
      if (target === undefined || !speaks) continue
      const row = paidRow(group.row, keeper.upstream)
      const chosen: Chosen = { group: { ...group, row }, target, name: call.model, ids: [], sizes: [] }
      this.#chosen.set(call.model, chosen)
      return chosen
    }
    throw notServed(call, groups, this.#order)
  }

  #pays(row: ModelRow): boolean {
    const { key, snapshot } = this.#order.asking
    if (key.test) return false
    const isFree = snapshot.accounts.get(key.account)?.billing === 'unlimited'
    return !isFree || budgetsFor(key, [row], snapshot.customers.budgets).length > 0
  }

  #hold(call: Call, { group }: Chosen): void {
    if (!this.#pays(group.row)) return
    const { asking, keeper } = this.#order
    const feeBasisPoints = keeper.upstream.own?.feeBasisPoints ?? null
    const bound = boundOf(call, { rows: [group.row], atMs: asking.nowMs, canCap: false, tier: 'batch', feeBasisPoints })
    if (bound instanceof Problem) throw bound
    this.#amountNanoUsd += bound.amountNanoUsd
  }

  #written(call: Call, { group, target }: Chosen, body: Buffer): Buffer {
    const { asking, keeper, protocol, strict } = this.#order
    const { upstream, credential } = keeper
    // The sandbox reads a line of any format by itself.
    const { request, warnings } = prepare({
      speech: { protocol, call, request: null, warnings: call.warnings },
      leg: { row: group.row, target, model: group.model, by: 'model', reason: 'order' },
      upstream,
      rules: asking.snapshot.rulesOf(upstream.vendor.name, target.model),
      strict,
      mayAskUsage: false,
      callerHeaders: {},
      traceHeaders: {},
      credential,
    })
    for (const warning of warnings) this.#warn(warning)
    const written = request.body.kind === 'bytes' ? Buffer.from(request.body.bytes) : body
    if (!written.equals(body)) this.#isChanged = true
    return written
  }

  #warn(warning: string): void {
    if (this.#warnings.size < warningsMax) this.#warnings.add(warning)
  }
}

/** Takes the lines one after another. */
export const batchPlan = (order: PlanOrder): BatchPlan => new Planning(order)
