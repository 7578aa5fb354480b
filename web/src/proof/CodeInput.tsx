import { TextInput } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { digits, ready } from './digits'
import styles from './proof.module.css'

/** The field of a short code of digits. The browser and the phone may fill it in, and a complete one is sent by itself. */
export function CodeInput({ label, hint, value, set, error, length = 6, full, autoFocus, busy }: {
  label: string
  hint?: ReactNode
  value: string
  set: (code: string) => void
  error?: ReactNode
  length?: number
  /** Called once for each complete code. */
  full?: (code: string) => void
  autoFocus?: boolean
  busy?: boolean
}) {
  const sent = useRef('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!error) return
    field.current?.focus()
    field.current?.select()
  }, [error])
  return (
    <TextInput
      ref={field}
      size="md"
      label={label}
      description={hint}
      value={value}
      error={error}
      inputMode="numeric"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      required
      withAsterisk={false}
      autoFocus={autoFocus}
      data-autofocus={autoFocus || undefined}
      readOnly={busy}
      classNames={{ input: styles.code }}
      onChange={(event) => {
        const code = digits(event.currentTarget.value, length)
        set(code)
        if (code.length < length) sent.current = ''
        if (!ready(code, length, sent.current)) return
        sent.current = code
        full?.(code)
      }}
    />
  )
}
