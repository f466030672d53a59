/** Whether a report is as it was signed, and whether what it says follows from what it counts. */

import { useState } from 'react'
import { useChange } from '#actions/queries.ts'
import { FileField } from '#parts/file-field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Facts } from '#parts/layout.tsx'
import { texts } from './texts.ts'

export const VerifyReport = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const [report, setReport] = useState<string | undefined>(undefined)
  const verify = useChange('migrate verify-report')
  const answer = (is: boolean | null) =>
    is === null ? <Badge>{say('unknown')}</Badge> : <Badge tone={is ? 'good' : 'bad'}>{say(is ? 'yes' : 'no')}</Badge>
  const verdict = verify.data
  return (
    <FormDialog
      title={say('verifyTitle')}
      action={say('verifyDo')}
      isReady={report !== undefined}
      busy={verify.isPending}
      error={verify.error}
      onClose={onClose}
      submit={() => (report === undefined ? undefined : verify.mutate({ report }))}
    >
      <p>{say('verifyWhy')}</p>
      <FileField label={say('reportFile')} accept=".html,.json" required onText={setReport} />
      {verdict === undefined ? null : (
        <Facts
          facts={[
            [say('name'), <strong key="name">{verdict.name}</strong>],
            [say('time'), format.moment(verdict.made)],
            [say('intact'), answer(verdict.intact)],
            [say('follows'), answer(verdict.tests_follow)],
            [say('page'), answer(verdict.page_follows)],
            [say('own'), answer(verdict.own)],
          ]}
        />
      )}
    </FormDialog>
  )
}
