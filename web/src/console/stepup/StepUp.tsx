import { Button, Modal, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconFingerprint } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { api, type Factors, onStepUp, take } from '~/api'
import { Notice } from '~/look'
import { CodeInput } from '~/proof/CodeInput'
import proof from '~/proof/proof.module.css'
import { said } from '~/proof/said'
import { canPasskey, type PasskeyJSON, showPasskey, stopPasskey } from '~/proof/webauthn'
import { words as all } from '~/proof/words'
import forms from '../forms/Forms.module.css'
import { Bones } from '../forms/parts'
import { useMe } from '../session'

const words = all.stepUp

type Way = 'passkey' | 'password' | 'code' | 'recovery'
type Shown = { password: string } | { code: string } | { recovery_code: string } | { ceremony: string; credential: PasskeyJSON }

let close: (() => void) | undefined

// Dialogs of Mantine hear Escape at the window, each for itself, so that one key would close this dialog and the one
// below it. This listener is older than any of theirs.
if (typeof window !== 'undefined') {
  window.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing || !close) return
    event.stopImmediatePropagation()
    event.preventDefault()
    close()
  }, { capture: true })
}

/** The one place where the console asks a person to prove again who they are. It stands above every other dialog. */
export function StepUp() {
  const [answer, setAnswer] = useState<(proved: boolean) => void>()
  useEffect(() => {
    onStepUp(() => new Promise<boolean>((done) => { setAnswer(() => done) }))
    return () => { onStepUp(() => Promise.resolve(false)) }
  }, [])
  useEffect(() => {
    close = answer && (() => { end(false) })
    return () => { close = undefined }
  })
  function end(proved: boolean): void {
    stopPasskey()
    answer?.(proved)
    setAnswer(undefined)
  }
  return (
    <Modal opened={answer !== undefined} onClose={() => { end(false) }} title={words.title} zIndex={400} closeOnEscape={false} closeOnClickOutside={false} size={420}>
      {answer && <Ways done={() => { end(true) }} cancel={() => { end(false) }} />}
    </Modal>
  )
}

function Ways({ done, cancel }: { done: () => void; cancel: () => void }) {
  const { data, isPending } = useQuery({ queryKey: ['factors'], queryFn: () => take(api.GET('/api/v1/me/factors')), retry: false })
  const [chosen, choose] = useState<Way>()
  const client = useQueryClient()
  const { mutate, isPending: busy, error, reset } = useMutation({
    mutationFn: async (shown: Shown | 'passkey') => take(api.POST('/api/v1/me/step-up', { body: shown === 'passkey' ? await passkey() : shown })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['me'] })
      done()
    },
  })
  if (isPending) return <Bones />
  const ways = waysOf(data)
  const way = chosen ?? ways[0] ?? 'password'
  return (
    <div className={forms.stack}>
      <p className={forms.lead}>{words.lead}</p>
      <Way key={way} way={way} busy={busy} error={error} send={mutate} cancel={cancel} />
      {ways.length > 1 && (
        <div className={proof.lines}>
          {ways.filter((one) => one !== way).map((one) => (
            <button key={one} type="button" className={proof.line} onClick={() => { stopPasskey(); reset(); choose(one) }}>
              {words.with[one]}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** Whoever has a second factor proves it; the password alone is taken from the others only. What proves most stands first. */
function waysOf(factors?: Factors): Way[] {
  const kinds = (factors?.items ?? []).map((one) => one.kind)
  if (kinds.length === 0) return ['password']
  const passkeys = kinds.includes('passkey')
  const ways: Way[] = passkeys && canPasskey() ? ['passkey'] : []
  if (passkeys && factors?.phishing_resistant) return ways.length ? ways : ['passkey']
  if (kinds.includes('totp')) ways.push('code')
  if (factors?.recovery_left || ways.length === 0) ways.push('recovery')
  return ways
}

async function passkey(): Promise<Shown> {
  const { ceremony, options } = await take(api.POST('/api/v1/me/step-up/begin'))
  return { ceremony, credential: await showPasskey(options) }
}

function Way({ way, busy, error, send, cancel }: {
  way: Way
  busy: boolean
  error: unknown
  send: (shown: Shown | 'passkey') => void
  cancel: () => void
}) {
  const me = useMe()
  const [value, setValue] = useState('')
  const [missing, setMissing] = useState('')
  const wrong = missing || (error ? said(error) : '')
  const submit = () => {
    setMissing('')
    if (way === 'passkey') send('passkey')
    else if (way === 'code') {
      if (value.length === 6) send({ code: value })
      else setMissing(all.codeShort(6))
    } else if (value.trim() === '') setMissing(words.missing[way])
    else send(way === 'recovery' ? { recovery_code: value } : { password: value })
  }
  const field = way === 'passkey' ? '' : wrong
  return (
    <form className={forms.stack} noValidate onSubmit={(event) => { event.preventDefault(); if (!busy) submit() }}>
      <div aria-live="assertive">{way === 'passkey' && wrong && <Notice tone="danger">{wrong}</Notice>}</div>
      {way === 'password' && (
        <>
          <input type="text" name="username" autoComplete="username" value={me.email} readOnly hidden />
          <PasswordInput
            label={all.password} autoComplete="current-password" data-autofocus autoFocus required withAsterisk={false} value={value} error={field || undefined}
            visibilityToggleButtonProps={{ 'aria-label': all.show }} onChange={(event) => { setValue(event.currentTarget.value) }}
          />
        </>
      )}
      {way === 'recovery' && (
        <TextInput
          label={words.recovery} description={words.recoveryHint} autoComplete="off" autoCapitalize="none" spellCheck={false} data-autofocus autoFocus required withAsterisk={false}
          value={value} error={field || undefined} onChange={(event) => { setValue(event.currentTarget.value) }}
        />
      )}
      {way === 'code' && <CodeInput label={all.codeLabel} hint={all.codeHint} value={value} set={setValue} error={field || undefined} busy={busy} autoFocus full={(code) => { send({ code }) }} />}
      <div className={forms.foot}>
        <Button variant="default" onClick={cancel}>{words.cancel}</Button>
        {way === 'passkey'
          ? <Button type="submit" data-autofocus autoFocus loading={busy} leftSection={<IconFingerprint size={18} aria-hidden />}>{words.passkey}</Button>
          : <Button type="submit" loading={busy}>{words.confirm}</Button>}
      </div>
    </form>
  )
}
