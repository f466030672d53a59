/** What changes projects: a new one, another name, the end. */

import type { Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { Confirm } from '#parts/dialog.tsx'
import { TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

export type Project = Output<'projects list'>['data'][number]
type Closing = { readonly account: string; readonly onClose: () => void }
type OfProject = Closing & { readonly project: Project }

export const CreateProject = ({ account, onClose }: Closing) => {
  const say = useWords(texts)
  const create = useChange('projects create', ['projects list'])
  const submit = ({ name = '', regions }: Readonly<Record<string, string>>): void => {
    const list = regions?.split(',').map((one) => one.trim())
    const only = list === undefined ? {} : { regions: list.filter((one) => one !== '') }
    create.mutate({ account, name, ...only }, { onSuccess: onClose })
  }
  return (
    <FormDialog
      title={say('createTitle')}
      action={say('create')}
      busy={create.isPending}
      error={create.error}
      submit={submit}
      onClose={onClose}
    >
      <TextField label={say('name')} help={say('nameHelp')} name="name" maxLength={100} autoComplete="off" required />
      <TextField label={say('regions')} help={say('regionsHelp')} name="regions" autoComplete="off" />
    </FormDialog>
  )
}

export const RenameProject = ({ account, project, onClose }: OfProject) => {
  const say = useWords(texts)
  const rename = useChange('projects rename', ['projects list'])
  return (
    <FormDialog
      title={say('renameTitle', { name: project.name })}
      action={say('save')}
      busy={rename.isPending}
      error={rename.error}
      submit={({ name = '' }) => rename.mutate({ account, project: project.id, name }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <TextField
        label={say('name')}
        help={say('nameHelp')}
        name="name"
        defaultValue={project.name}
        maxLength={100}
        autoComplete="off"
        required
      />
    </FormDialog>
  )
}

export const ArchiveProject = ({ account, project, onClose }: OfProject) => {
  const say = useWords(texts)
  const toast = useToast()
  const archive = useChange('projects archive', ['projects list', 'keys list'])
  const { name, id } = project
  return (
    <Confirm
      title={say('archiveTitle', { name })}
      action={say('archiveDo')}
      typed={name}
      busy={archive.isPending}
      error={archive.error}
      onClose={onClose}
      onConfirm={() =>
        archive.mutate(
          { account, project: id },
          {
            onSuccess: ({ revoked_keys: ended }) => {
              toast(say('archivedNow', { name, count: ended.length }))
              onClose()
            },
          },
        )
      }
    >
      <p>{say('archiveWhy')}</p>
    </Confirm>
  )
}
