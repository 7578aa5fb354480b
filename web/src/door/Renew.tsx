import { Strength } from '~/proof/Strength'
import { ask } from './ask'
import { newPassword, only, usualLength } from './judge'
import { Lines, Password, Send, Sheet, Stack, styles, TextButton, Trouble } from './parts'
import type { StepProps } from './Steps'
import { useForm } from './useForm'
import { words } from './words'

const w = words.renew

/** The password is too old or too short for this workspace. It is changed here, after the factor, and never by mail. */
export function Renew({ company, email, step, moved, pay, then, leave }: StepProps) {
  const min = step.password?.min_length ?? usualLength
  const why = step.password?.reason === 'short' ? w.short(company, min) : w.expired(company)
  const f = useForm({ password: '' }, (v) => only({ password: newPassword(v.password, min) }), async (v) => { then(await pay(ask.newPassword(v.password))) })
  return (
    <Sheet title={w.title} lead={why} moved={moved}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          {email && <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />}
          <Password {...f.bind('password')} label={words.newPassword} description={words.passwordHint(min)} autoComplete="new-password" required withAsterisk={false} />
          <Strength password={f.values.password} min={min} own={[company, email ?? '']} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
          <p className={styles.small}>{w.all}</p>
        </Stack>
      </form>
      <Lines><TextButton act={leave}>{words.factor.other}</TextButton></Lines>
    </Sheet>
  )
}
