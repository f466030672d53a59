/** The books of a day against what the methods say of it. */

import type { Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Facts, mono } from '#parts/layout.tsx'
import { texts } from './texts.ts'

type Outcome = Output<'payments reconcile'>['data'][number]

const dayBefore = (nowMs: number): string => new Date(nowMs - 86_400_000).toISOString().slice(0, 10)

const OutcomeView = ({ outcome }: { readonly outcome: Outcome }) => {
  const say = useWords(texts)
  const format = useFormat()
  const lines = (rows: Outcome['ours_only']) =>
    rows.map(({ id, amount, currency }) => (
      <div key={id}>
        {mono(id)} {format.amount(amount, currency)}
      </div>
    ))
  const pairs = (rows: Outcome['amount_differs']) =>
    rows.map(({ id, ours, theirs, currency }) => (
      <div key={id}>
        {mono(id)} {format.amount(ours, currency)} / {format.amount(theirs, currency)}
      </div>
    ))
  return (
    <div className="stack tight">
      <div className="row">
        <strong>{outcome.method}</strong>
        <Badge tone={outcome.ok ? 'good' : 'bad'}>{say(outcome.ok ? 'good' : 'bad')}</Badge>
        <span className="soft">{say('matched', { count: outcome.matched })}</span>
      </div>
      <Facts
        facts={[
          outcome.ours_only.length === 0 ? null : [say('ours'), lines(outcome.ours_only)],
          outcome.theirs_only.length === 0 ? null : [say('theirs'), lines(outcome.theirs_only)],
          outcome.amount_differs.length === 0 ? null : [say('amounts'), pairs(outcome.amount_differs)],
          outcome.fee_differs.length === 0 ? null : [say('fees'), pairs(outcome.fee_differs)],
        ]}
      />
    </div>
  )
}

export const Reconcile = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const compare = useChange('payments reconcile')
  return (
    <FormDialog
      title={say('reconcile')}
      action={say('reconcileDo')}
      look="broad"
      busy={compare.isPending}
      error={compare.error}
      submit={({ date = '' }) => compare.mutate({ date })}
      onClose={onClose}
    >
      <p>{say('reconcileWhy')}</p>
      <TextField label={say('date')} name="date" type="date" defaultValue={dayBefore(Date.now())} required />
      {compare.data?.data.map((outcome) => (
        <OutcomeView key={outcome.method} outcome={outcome} />
      ))}
      {compare.data?.data.length === 0 ? <p className="soft">{say('nothingToCompare')}</p> : null}
    </FormDialog>
  )
}
