/** A file of this machine, read as text. */

import { useState } from 'react'
import { TextField } from './field.tsx'

type FileFieldProps = {
  readonly label: string
  readonly help?: string
  readonly accept: string
  readonly required?: boolean
  /** `undefined` = none is chosen any more. */
  readonly onText: (text: string | undefined) => void
}

export const FileField = ({ label, help, accept, required = false, onText }: FileFieldProps) => {
  const [fault, setFault] = useState<string | null>(null)
  return (
    <TextField
      label={label}
      help={help}
      fault={fault}
      type="file"
      accept={accept}
      required={required}
      onChange={(event) => {
        const [file] = [...(event.target.files ?? [])]
        setFault(null)
        if (file === undefined) return onText(undefined)
        file.text().then(onText, (error: unknown) => setFault(error instanceof Error ? error.message : String(error)))
      }}
    />
  )
}
