/** One call: what was tried, what it cost and why, its facts, and the call again: as code, or in the sandbox. */

import { Link } from '@tanstack/react-router'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Code } from '#parts/code.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Badge, Facts, mono } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { Attempts } from './attempts.tsx'
import { endTone } from './call.ts'
import { codeOf } from './call-code.ts'
import type { Explanation } from './explanation.ts'
import { Headers } from './headers.tsx'
import { Receipt } from './receipt.tsx'
import { texts } from './texts.ts'

const CallFacts = ({ explanation }: { readonly explanation: Explanation }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { call, key, account } = explanation
  const { usage } = call
  const text = (name: string, value: string | null): Fact | null =>
    value === null || value === '' ? null : [name, value]
  const facts: readonly (Fact | null)[] = [
    [say('id'), mono(call.id)],
    [say('time'), format.moment(call.time)],
    text(say('key'), key?.name ?? call.key),
    text(say('account'), account?.name ?? call.account),
    text(say('plan'), account?.plan ?? null),
    [say('path'), mono(call.path)],
    text(say('upstreamModel'), call.upstream_model),
    usage === null ? null : [say('tokens'), `${format.number(usage.input)} / ${format.number(usage.output)}`],
    usage?.cached_input ? [say('cached'), format.number(usage.cached_input)] : null,
    usage?.reasoning ? [say('reasoning'), format.number(usage.reasoning)] : null,
    text(say('usageSource'), usage?.source ?? null),
    [say('duration'), format.duration(call.duration_ms)],
    call.ttft_ms === null ? null : [say('first'), format.duration(call.ttft_ms)],
    [say('overhead'), format.duration(call.overhead_ms)],
    call.queued_ms === null ? null : [say('queued'), format.duration(call.queued_ms)],
    call.longest_gap_ms === null ? null : [say('gap'), format.duration(call.longest_gap_ms)],
    text(say('finish'), call.finish_reason),
    text(say('cache'), call.cache),
    text(say('conversation'), call.conversation),
    text(say('callSite'), call.call_site),
    text(say('migration'), call.migration === null ? null : `${call.migration} · ${call.arm ?? ''}`),
    text(
      say('tags'),
      Object.entries(call.tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ),
    text(say('warnings'), call.warnings.join(', ')),
    [say('bytes'), `${format.bytes(call.request_bytes)} / ${format.bytes(call.response_bytes)}`],
  ]
  return <Facts facts={facts} />
}

const Bodies = ({ id }: { readonly id: string }) => {
  const say = useWords(texts)
  const query = useRead('calls show', { id })
  return (
    <Loaded query={query}>
      {(call) =>
        call.request_body === null && call.response_body === null ? (
          <Empty title={say('noBodies')} command="log: { bodies: true }">
            {say('noBodiesWhy')}
          </Empty>
        ) : (
          <div className="stack">
            <h3>{say('requestBody')}</h3>
            <Code text={call.request_body ?? ''} wrapped />
            <h3>{say('responseBody')}</h3>
            <Code text={call.response_body ?? ''} wrapped />
          </div>
        )
      }
    </Loaded>
  )
}

/** What the playground has a form for. */
const replayed: readonly string[] = ['/v1/chat/completions', '/v1/messages']

const AsCode = ({ explanation }: { readonly explanation: Explanation }) => {
  const say = useWords(texts)
  const { call } = explanation
  const may = rights(useSession())
  const pieces = codeOf(call, window.location.origin)
  return (
    <div className="stack">
      {may.changesKeys && replayed.includes(call.path) ? (
        <p>
          <Link className="button" to="/playground" search={{ models: call.model ?? '', from: call.id } as never}>
            {say('replay')}
          </Link>
        </p>
      ) : null}
      <p className="soft">{say('likeThis')}</p>
      {pieces.map(({ name, text }) => (
        <div className="stack tight" key={name}>
          <h3>{name}</h3>
          <Code text={text} label={name} />
        </div>
      ))}
    </div>
  )
}

const Story = ({ explanation }: { readonly explanation: Explanation }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { call, notes } = explanation
  return (
    <div className="stack">
      <div className="row">
        <Badge tone={endTone(call)}>
          {call.status} · {say(call.end)}
        </Badge>
        {call.test ? <Badge tone="info">{say('test')}</Badge> : null}
        <span className="soft tabular">
          {format.money(call.cost_nano_usd)} · {format.duration(call.duration_ms)}
        </span>
      </div>
      {call.error === null ? null : (
        <div className="note bad">
          <div>
            <p className="mono">{call.error}</p>
            {call.error_message === null ? null : <p className="break">{call.error_message}</p>}
          </div>
        </div>
      )}
      {notes.map((note) => (
        <p className="soft" key={note}>
          {note}
        </p>
      ))}
      <Tabs
        label={say('call')}
        tabs={[
          { id: 'attempts', label: say('attempts'), content: () => <Attempts call={call} /> },
          { id: 'receipt', label: say('receipt'), content: () => <Receipt explanation={explanation} /> },
          { id: 'facts', label: say('facts'), content: () => <CallFacts explanation={explanation} /> },
          { id: 'headers', label: say('headers'), content: () => <Headers call={call} /> },
          { id: 'bodies', label: say('bodies'), content: () => <Bodies id={call.id} /> },
          { id: 'code', label: say('asCode'), content: () => <AsCode explanation={explanation} /> },
        ]}
      />
    </div>
  )
}

export const CallSheet = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const query = useRead('explain list', { id })
  return (
    <Dialog title={query.data?.call.model ?? say('call')} look="sheet" onClose={onClose}>
      <Loaded query={query}>{(explanation) => <Story explanation={explanation} />}</Loaded>
    </Dialog>
  )
}
