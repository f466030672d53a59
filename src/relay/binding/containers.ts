/** Containers in which a provider's own tools run: bound to whoever is told of one, so that no other account goes on in it. */

import { asProblem } from '#base/problem.ts'
import type { Part } from '#protocol/part.ts'
import type { Reply } from '#relay/first-reply.ts'
import { holderOf } from '#relay/holder.ts'
import type { Admitted, RelayPorts } from '#relay/journey.ts'
import type { BindingRow } from '#resource/port.ts'
import type { Owner } from './bind.ts'
import { containersIn } from './names.ts'

/** Claude's last so long (https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool, from memory), OpenAI's for minutes. */
const keptForMs = 30 * 86_400_000

type Containers = Owner &
  Pick<BindingRow, 'form' | 'provider' | 'credential'> & { readonly ids: readonly string[]; readonly nowMs: number }

/** Binds containers that an answer told of. */
export const keepContainers = async (
  { bindings }: Pick<RelayPorts, 'bindings'>,
  { ids, nowMs, ...told }: Containers,
): Promise<void> => {
  const { holder, organisation, account, project, member, key, test, form, provider, credential } = told
  for (const id of ids)
    await bindings.keepBinding({
      ...{ id, holder, kind: 'container', form, organisation, account, project, member, key, test },
      ...{ provider, credential, upstreamId: id, purpose: null, document: '{}', state: 'ended', work: null },
      createdMs: nowMs,
      expiresMs: nowMs + keptForMs,
      nextMs: null,
    })
}

/** Takes down which containers an answer tells of. */
export type ContainerKeeper = {
  readonly see: (part: Part) => void
  /** Once the answer is over; gives a warning for what is not kept. */
  readonly end: () => Promise<readonly string[]>
}

/** Where a format tells of them: beside a message, or in the item of a tool that no part names. */
const told = (part: Part): readonly string[] => {
  if (part.type === 'other') return containersIn(part.raw)
  return (part.type === 'start' || part.type === 'finish') && part.extra !== undefined ? containersIn(part.extra) : []
}

/** Each is bound when it is first told of, and no later than the end of the answer. */
export const containerKeeperOf = ({ ports, draft, protocol }: Admitted, { attempt }: Reply): ContainerKeeper => {
  const { upstream, keyIndex } = attempt
  const { account, key, organisation, project, member, test } = draft
  const kept = new Map<string, Promise<string | null>>()
  const keep = async (id: string): Promise<string | null> => {
    if (account === null || key === null) return null
    try {
      await keepContainers(ports, {
        ...{ holder: holderOf(draft), account, key, organisation, project, member, test },
        form: protocol.name === 'anthropic-messages' ? 'anthropic' : 'openai',
        provider: upstream.provider.name,
        credential: keyIndex === null ? null : (upstream.credentialDigests[keyIndex] ?? null),
        ids: [id],
        nowMs: ports.clock.nowMs(),
      })
      return null
    } catch (thrown) {
      ports.log.warn('a container could not be bound', { call: draft.id, problem: asProblem(thrown).message })
      return 'container:it could not be noted as yours, so that it cannot be gone on with'
    }
  }
  return {
    see: (part) => {
      for (const id of told(part)) if (!kept.has(id)) kept.set(id, keep(id))
    },
    end: async () => {
      const failures = await Promise.all(kept.values())
      return [...new Set(failures.filter((failure) => failure !== null))]
    },
  }
}
