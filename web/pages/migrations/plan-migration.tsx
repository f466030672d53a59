/** From a file to the start: what it says, what is known of code and candidate, the plan, a look at both sides, and only then traffic. */

import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { Disclosure } from '#parts/disclosure.tsx'
import { ChoiceField, LongField } from '#parts/field.tsx'
import { FileField } from '#parts/file-field.tsx'
import { useWords } from '#parts/language.tsx'
import { Loaded, ProblemNote } from '#parts/states.tsx'
import { Checks, PlanView } from './plan-view.tsx'
import { texts } from './texts.ts'

type Draft = Output<'migrate draft'>['drafts'][number]

const weights = [1, 5, 10] as const

/** Models in use that their vendors retire: each comes with a file to begin with. */
const Drafts = ({ take }: { readonly take: (file: string) => void }) => {
  const say = useWords(texts)
  const query = useRead('migrate draft', {})
  const nameOf = ({ model, to, days_left: days }: Draft): string =>
    days === null ? say('draftSoon', { model, to: to ?? '?' }) : say('draftDays', { model, to: to ?? '?', days })
  return (
    <Loaded query={query} lines={2}>
      {({ drafts }) =>
        drafts.length === 0 ? (
          <p className="soft">{say('draftNone')}</p>
        ) : (
          <div className="row">
            {drafts.map((draft) => (
              <Button small key={draft.model} onClick={() => take(draft.file)}>
                {nameOf(draft)}
              </Button>
            ))}
          </div>
        )
      }
    </Loaded>
  )
}

type Told = { readonly weight: string; readonly manifest: string | undefined; readonly probe: string | undefined }

const ToldFields = ({ told, change }: { readonly told: Told; readonly change: (patch: Partial<Told>) => void }) => {
  const say = useWords(texts)
  return (
    <div className="form">
      <ChoiceField
        label={say('startWeight')}
        value={told.weight}
        onChange={(event) => change({ weight: event.target.value })}
      >
        <option value="">{say('asFile')}</option>
        {weights.map((weight) => (
          <option key={weight} value={weight}>
            {weight} %
          </option>
        ))}
      </ChoiceField>
      <FileField
        label={say('manifest')}
        help={say('manifestHelp')}
        accept=".json"
        onText={(manifest) => change({ manifest })}
      />
      <FileField label={say('probe')} help={say('probeHelp')} accept=".json" onText={(probe) => change({ probe })} />
    </div>
  )
}

const weightOf = ({ weight }: Told): { readonly start_weight?: number } =>
  weight === '' ? {} : { start_weight: Number(weight) }

const useWizard = (example: string, onClose: () => void) => {
  const navigate = useNavigate()
  const [file, setFile] = useState(example)
  const [told, setTold] = useState<Told>({ weight: '', manifest: undefined, probe: undefined })
  const plan = useChange('migrate plan')
  const preflight = useChange('migrate preflight')
  const start = useChange('migrate start', ['migrate list'])
  /** What was shown is of another file, or of other reports. */
  const forget = (): void => {
    plan.reset()
    preflight.reset()
    start.reset()
  }
  return {
    file,
    told,
    plan,
    preflight,
    start,
    put: (text: string) => {
      setFile(text)
      forget()
    },
    tell: (patch: Partial<Told>) => {
      setTold((before) => ({ ...before, ...patch }))
      forget()
    },
    look: () => {
      const { manifest, probe } = told
      plan.mutate({
        file,
        ...weightOf(told),
        ...(manifest === undefined ? {} : { manifest }),
        ...(probe === undefined ? {} : { probe }),
      })
    },
    begin: () =>
      start.mutate(
        { file, ...weightOf(told) },
        {
          onSuccess: ({ name }) => {
            onClose()
            void navigate({ to: '/migrations/$name', params: { name } as never })
          },
        },
      ),
  }
}

export const PlanMigration = ({ example, onClose }: { readonly example: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const [hasDrafts, setDrafts] = useState(false)
  const { file, told, plan, preflight, start, put, tell, look, begin } = useWizard(example, onClose)
  const error = start.error ?? preflight.error ?? plan.error
  const isPossible = plan.data !== undefined && plan.data.refusals.length === 0
  return (
    <Dialog title={say('startTitle')} look="broad" onClose={onClose}>
      <div className="stack">
        {hasDrafts ? (
          <Drafts take={put} />
        ) : (
          <div>
            <Button small onClick={() => setDrafts(true)}>
              {say('draft')}
            </Button>
          </div>
        )}
        <LongField
          label={say('file')}
          help={say('fileHelp')}
          className="textarea yaml"
          rows={8}
          spellCheck={false}
          value={file}
          onChange={(event) => put(event.target.value)}
        />
        <Disclosure title={`${say('startWeight')} · ${say('manifest')} · ${say('probe')}`}>
          <ToldFields told={told} change={tell} />
        </Disclosure>
        {plan.data === undefined ? null : <PlanView plan={plan.data} />}
        {preflight.data === undefined ? null : <Checks checks={preflight.data.checks} />}
        {error === null ? null : <ProblemNote error={error} />}
        <div className="actions">
          <Button kind={isPossible ? undefined : 'first'} busy={plan.isPending} onClick={look}>
            {say('plan')}
          </Button>
          {isPossible ? (
            <Button title={say('preflightWhy')} busy={preflight.isPending} onClick={() => preflight.mutate({ file })}>
              {say('preflight')}
            </Button>
          ) : null}
          <Button kind={isPossible ? 'first' : undefined} busy={start.isPending} disabled={!isPossible} onClick={begin}>
            {say('startDo')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
