/** What customers ask for, of all accounts: issued in the tax office's own system, noted here. One call. */

import { useState } from 'react'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { ChosenList } from '#parts/chosen-list.tsx'
import { TextField } from '#parts/field.tsx'
import { useFilters } from '#parts/filters.ts'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { Menu } from '#parts/menu.tsx'
import { useToast } from '#parts/toast.tsx'
import type { FapiaoRequest } from './requests.tsx'
import { FapiaoRequests } from './requests.tsx'
import { texts } from './texts.ts'

const pageRows = 50
const states = ['requested', 'issued', 'rejected', 'red'] as const
const stale = ['fapiao list', 'fapiao show'] as const
const fileBytesMax = 5 * 1024 * 1024
/** The pieces in which bytes become text: a function takes only so many arguments. */
const pieceBytes = 32_768

const base64Of = async (file: File): Promise<string> => {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += pieceBytes)
    text += String.fromCharCode(...bytes.subarray(at, at + pieceBytes))
  return btoa(text)
}

type Does = 'issue' | 'reject' | 'undo'
type FormProps = { readonly request: FapiaoRequest; readonly onClose: () => void }

const numberForm = '\\d{20}'

const useNoted = (onClose: () => void): (() => void) => {
  const say = useWords(texts)
  const toast = useToast()
  return () => {
    toast(say('saved'))
    onClose()
  }
}

const Issue = ({ request, onClose }: FormProps) => {
  const say = useWords(texts)
  const onSuccess = useNoted(onClose)
  const issue = useChange('fapiao issue', stale)
  const [file, setFile] = useState<File | null>(null)
  const submit = async ({ number = '' }: Readonly<Record<string, string>>): Promise<void> => {
    const kept = file === null ? {} : { file: await base64Of(file) }
    issue.mutate({ request: request.id, number, ...kept }, { onSuccess })
  }
  return (
    <FormDialog
      title={say('issueTitle', { name: request.title })}
      action={say('issueDo')}
      busy={issue.isPending}
      error={issue.error}
      submit={(given) => void submit(given)}
      onClose={onClose}
    >
      <p>{say('issueWhy')}</p>
      <TextField
        label={say('number')}
        help={say('numberHelp')}
        name="number"
        inputMode="numeric"
        pattern={numberForm}
        autoComplete="off"
        required
      />
      <TextField
        label={say('file')}
        help={say('upload')}
        type="file"
        accept=".pdf,.ofd"
        fault={file !== null && file.size > fileBytesMax ? say('upload') : null}
        onChange={(event) => setFile(event.target.files?.[0] ?? null)}
      />
    </FormDialog>
  )
}

const Reject = ({ request, onClose }: FormProps) => {
  const say = useWords(texts)
  const onSuccess = useNoted(onClose)
  const reject = useChange('fapiao reject', stale)
  return (
    <FormDialog
      title={say('rejectTitle', { name: request.title })}
      action={say('rejectDo')}
      busy={reject.isPending}
      error={reject.error}
      submit={({ reason = '' }) => reject.mutate({ request: request.id, reason }, { onSuccess })}
      onClose={onClose}
    >
      <p>{say('rejectWhy')}</p>
      <TextField label={say('reason')} name="reason" maxLength={500} autoComplete="off" required />
    </FormDialog>
  )
}

const Undo = ({ request, onClose }: FormProps) => {
  const say = useWords(texts)
  const onSuccess = useNoted(onClose)
  const undo = useChange('fapiao red', stale)
  return (
    <FormDialog
      title={say('undoTitle', { name: request.title })}
      action={say('undoDo')}
      busy={undo.isPending}
      error={undo.error}
      submit={({ number = '', reason = '' }) => undo.mutate({ request: request.id, number, reason }, { onSuccess })}
      onClose={onClose}
    >
      <p>{say('undoWhy')}</p>
      <TextField
        label={say('redNumber')}
        help={say('numberHelp')}
        name="number"
        inputMode="numeric"
        pattern={numberForm}
        autoComplete="off"
        required
      />
      <TextField label={say('reason')} name="reason" maxLength={500} autoComplete="off" required />
    </FormDialog>
  )
}

const forms = { issue: Issue, reject: Reject, undo: Undo } as const

export const FapiaoQueue = () => {
  const say = useWords(texts)
  const may = rights(useSession())
  const [filters] = useFilters()
  const [over, setOver] = useState<{ readonly does: Does; readonly request: FapiaoRequest } | null>(null)
  const state = states.find((one) => one === filters['state'])
  const asked = { limit: pageRows, first: 'newest' as const, state, after: filters['after'] }
  const query = useRead('fapiao list', asked, { keepsOld: true })
  const actions = (request: FapiaoRequest) => {
    const act = (does: Does) => () => setOver({ does, request })
    const entries =
      request.state === 'requested'
        ? [
            { label: say('issue'), act: act('issue') },
            { label: say('reject'), act: act('reject'), danger: true },
          ]
        : request.state === 'issued'
          ? [{ label: say('undo'), act: act('undo'), danger: true }]
          : []
    if (entries.length === 0 || !may.changesMoney) return null
    return (
      <Menu entries={entries}>
        <Button small kind="plain" icon="more" aria-label={say('actions', { name: request.title })} />
      </Menu>
    )
  }
  const Form = over === null ? null : forms[over.does]
  return (
    <div className="stack">
      <ChosenList
        choice={{
          field: 'state',
          label: say('state'),
          every: say('every'),
          options: states.map((value) => ({ value, text: say(value) })),
        }}
        query={query}
        none={{
          title: say('noRequests'),
          why: say('noRequestsWhy'),
          command: 'drover fapiao list --state requested',
        }}
      >
        {(rows) => <FapiaoRequests rows={rows} actions={actions} />}
      </ChosenList>
      {over === null || Form === null ? null : <Form request={over.request} onClose={() => setOver(null)} />}
    </div>
  )
}
