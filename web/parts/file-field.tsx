/** A file of this machine, read as text. */

import { useState } from 'react'
import { TextField } from './field.tsx'
import { useFormat, useWords } from './language.tsx'
import { fileTexts } from './texts.ts'

type FileFieldProps = {
  readonly label: string
  readonly help?: string
  readonly accept: string
  readonly required?: boolean
  /** `undefined` = none is chosen any more. */
  readonly onText: (text: string | undefined) => void
}

export const FileField = ({ label, help, accept, required = false, onText }: FileFieldProps) => {
  const say = useWords(fileTexts)
  const format = useFormat()
  const [fault, setFault] = useState<string | null>(null)
  const [readBytes, setReadBytes] = useState<number | null>(null)
  return (
    <TextField
      label={label}
      help={readBytes === null ? help : say('read', { size: format.bytes(readBytes) })}
      fault={fault}
      type="file"
      accept={accept}
      required={required}
      onChange={(event) => {
        const [file] = [...(event.target.files ?? [])]
        setFault(null)
        setReadBytes(null)
        if (file === undefined) return onText(undefined)
        file.text().then(
          (text) => {
            setReadBytes(file.size)
            onText(text)
          },
          (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
        )
      }}
    />
  )
}
