import { Button, Checkbox, TextInput } from '@mantine/core'
import { IconFingerprint } from '@tabler/icons-react'
import { useState } from 'react'
import { CodeInput } from '~/proof/CodeInput'
import { canPasskey, showPasskey, stopPasskey } from '~/proof/webauthn'
import { words as proof } from '~/proof/words'
import { Notice } from '~/look'
import { ask, type Shown } from './ask'
import { needed, only } from './judge'
import { Lines, Or, Send, Sheet, Stack, styles, TextButton, Trouble } from './parts'
import type { StepProps } from './Steps'
import { useForm } from './useForm'
import { words } from './words'

const w = words.factor

/** The second factor: the passkey first, a code from the app, and a recovery code for who has lost both. */
export function Factor(props: StepProps) {
  const [lost, setLost] = useState(false)
  const has = props.step.factor ?? { totp: true, passkey: false, recovery: true, trust_days: 0 }
  if (lost) return <Recovery {...props} found={() => { setLost(false) }} />
  return <Second {...props} has={has} lost={() => { setLost(true) }} />
}

function Second({ company, moved, pay, then, leave, has, lost }: StepProps & { has: NonNullable<StepProps['step']['factor']>; lost: () => void }) {
  const [trust, setTrust] = useState(false)
  const [waiting, setWaiting] = useState(false) // for the browser's own dialog; whoever writes a code meanwhile has decided
  const passkey = has.passkey && canPasskey()
  const show = async (shown: Shown) => { then(await pay(ask.factor({ ...shown, ...(trust ? { trust } : {}) }))) }
  const f = useForm({ code: '' }, (v) => only({ code: v.code.length < 6 ? proof.codeShort(6) : undefined }), (v) => show({ code: v.code }))
  const { error, value } = f.bind('code')
  const withPasskey = () => {
    f.run(async () => {
      const { ceremony, options } = await pay(ask.factorBegin())
      setWaiting(true)
      const credential = await showPasskey(options).finally(() => { setWaiting(false) })
      await show({ ceremony, credential })
    })
  }
  return (
    <Sheet title={w.title} lead={w.lead(company)} moved={moved && (passkey || !has.totp)}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          {has.passkey && !passkey && <Notice>{w.noPasskey}</Notice>}
          {passkey && (
            <Button size="md" fullWidth loading={f.busy} aria-disabled={f.left > 0 || undefined} leftSection={<IconFingerprint size={19} aria-hidden />} onClick={withPasskey}>{w.passkey}</Button>
          )}
          {passkey && has.totp && <Or />}
          {has.totp && (
            <CodeInput label={proof.codeLabel} hint={proof.codeHint} value={value ?? ''} error={error} busy={f.busy && !waiting} autoFocus={!passkey}
              set={(code) => { if (waiting) stopPasskey(); f.change('code', code) }} full={(code) => { f.run(() => show({ code })) }} />
          )}
          {has.trust_days > 0 && (
            <Checkbox label={w.trust(has.trust_days)} description={w.trustHint} checked={trust} onChange={(event) => { setTrust(event.currentTarget.checked) }} />
          )}
          {has.totp && (passkey
            ? <Button type="submit" size="md" fullWidth variant="default" aria-disabled={f.busy || f.left > 0 || undefined}>{w.send}</Button>
            : <Send busy={f.busy} left={f.left}>{w.send}</Send>)}
        </Stack>
      </form>
      <Lines>
        {has.recovery && <TextButton act={lost}>{w.lost}</TextButton>}
        <TextButton act={leave}>{w.other}</TextButton>
      </Lines>
    </Sheet>
  )
}

function Recovery({ pay, then, leave, found }: StepProps & { found: () => void }) {
  const f = useForm({ recovery_code: '' }, (v) => only({ recovery_code: needed(v.recovery_code, w.recoveryMissing) }), async (v) => {
    then(await pay(ask.factor({ recovery_code: v.recovery_code.trim() })))
  })
  return (
    <Sheet title={w.recoveryTitle} lead={w.recoveryLead}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <TextInput {...f.bind('recovery_code')} size="md" label={w.recovery} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={80} required withAsterisk={false} autoFocus classNames={{ input: styles.mono }} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
          <p className={styles.small}>{w.help}</p>
        </Stack>
      </form>
      <Lines>
        <TextButton act={found}>{w.found}</TextButton>
        <TextButton act={leave}>{w.other}</TextButton>
      </Lines>
    </Sheet>
  )
}
