/** What is done with a migration now and then: the report, a drill, a longer step, the end. */

import { useState } from 'react'
import { addressOf } from '#actions/api.ts'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Confirm } from '#parts/dialog.tsx'
import { useDownload } from '#parts/download.ts'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Facts } from '#parts/layout.tsx'
import { Menu } from '#parts/menu.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Migration } from './migration-view.ts'
import { texts } from './texts.ts'

type Closing = { readonly name: string; readonly onClose: () => void }

const spans = ['6h', '12h', '24h', '48h', '72h'] as const

const Drill = ({ name, onClose }: Closing) => {
  const say = useWords(texts)
  const format = useFormat()
  const drill = useChange('migrate drill', ['migrate status'])
  const seen = drill.data
  return (
    <Confirm
      title={say('drillTitle', { name })}
      action={say('drillDo')}
      look="first"
      busy={drill.isPending}
      error={drill.error}
      onClose={onClose}
      onConfirm={() => drill.mutate({ name })}
    >
      <p>{say('drillWhy')}</p>
      {seen === undefined ? null : (
        <>
          <div className={`note ${seen.ok ? 'good' : 'bad'}`} role="status">
            <p>
              {seen.ok
                ? say('drillGood')
                : say('drillBad', { why: say(seen.baseline_away ? 'drillAway' : 'drillSlow') })}
            </p>
          </div>
          <Facts
            facts={[
              [say('inForce'), format.duration(seen.in_force_ms)],
              [say('kept'), format.duration(seen.kept_ms)],
              seen.nodes <= 1 ? null : [say('others'), format.duration(seen.other_nodes_within_ms)],
              [say('nodes'), format.number(seen.nodes)],
            ]}
          />
        </>
      )}
    </Confirm>
  )
}

const Extend = ({ name, onClose }: Closing) => {
  const say = useWords(texts)
  const toast = useToast()
  const extend = useChange('migrate extend', ['migrate status'])
  return (
    <FormDialog
      title={say('extendTitle', { name })}
      action={say('extend')}
      busy={extend.isPending}
      error={extend.error}
      onClose={onClose}
      submit={({ by = '24h', reason }) =>
        extend.mutate(
          { name, by, ...(reason === undefined ? {} : { reason }) },
          {
            onSuccess: ({ state }) => {
              toast(say('done', { name, state }))
              onClose()
            },
          },
        )
      }
    >
      <p>{say('extendWhy')}</p>
      <ChoiceField label={say('extendBy')} name="by" defaultValue="24h">
        {spans.map((span) => (
          <option key={span} value={span}>
            {say('hours', { hours: Number.parseInt(span, 10) })}
          </option>
        ))}
      </ChoiceField>
      <TextField label={say('reason')} name="reason" maxLength={500} autoComplete="off" />
    </FormDialog>
  )
}

type MoreProps = { readonly migration: Migration; readonly isOver: boolean; readonly abort: () => void }

export const More = ({ migration: { name }, isOver, abort }: MoreProps) => {
  const say = useWords(texts)
  const download = useDownload()
  const [over, setOver] = useState<'drill' | 'extend' | null>(null)
  const report = (): void =>
    void download({ address: addressOf('migrate report', { name }), accept: 'text/html', name: `${name}.html` })
  const close = (): void => setOver(null)
  return (
    <>
      <Menu
        entries={[
          { label: say('report'), act: report },
          ...(isOver
            ? []
            : ([
                { label: say('drill'), act: () => setOver('drill') },
                { label: `${say('extend')}…`, act: () => setOver('extend') },
                'line',
                { label: `${say('abort')}…`, danger: true, act: abort },
              ] as const)),
        ]}
      >
        <Button icon="more" aria-label={say('moreOf', { name })} title={say('more')} />
      </Menu>
      {over === 'drill' ? <Drill name={name} onClose={close} /> : null}
      {over === 'extend' ? <Extend name={name} onClose={close} /> : null}
    </>
  )
}
