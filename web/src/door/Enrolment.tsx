import { useMemo, useState } from 'react'
import { Notice } from '~/look'
import { Enrol, type Enroller } from '~/proof/Enrol'
import { Recovery } from '~/proof/Recovery'
import { words as proof } from '~/proof/words'
import { ask, type Enrolled } from './ask'
import { Lines, Sheet, Stack, TextButton } from './parts'
import type { StepProps } from './Steps'
import { words } from './words'

const w = words.enrol

/** The workspace wants a second factor, and there is none that counts here: one is made on the way in. */
export function Enrolment({ company, email, step, moved, pay, then, leave }: StepProps) {
  const [made, setMade] = useState<Enrolled>()
  const asked = step.enrol ?? { phishing_resistant: false, mail_code: false }
  const by = useMemo<Enroller<Enrolled>>(() => ({
    mailCode: () => pay(ask.enrol.mailCode()),
    totp: () => pay(ask.enrol.totp()),
    confirmTotp: (b) => pay(ask.enrol.confirmTotp(b)),
    passkey: () => pay(ask.enrol.passkey()),
    confirmPasskey: (b) => pay(ask.enrol.confirmPasskey(b)),
  }), [pay])
  const codes = made?.recovery_codes ?? []
  if (made && codes.length > 0) {
    return <Sheet title={proof.recovery.title} moved><Stack><Recovery codes={codes} done={() => { then(made.step) }} /></Stack></Sheet>
  }
  const done = (answer: Enrolled) => {
    if ((answer.recovery_codes ?? []).length > 0) setMade(answer)
    else then(answer.step)
  }
  return (
    <Sheet title={w.title} lead={asked.phishing_resistant ? w.leadResistant(company) : w.lead(company)} moved={moved}>
      <Stack>
        {asked.message && <Notice title={w.from(company)}>{asked.message}</Notice>}
        <Enrol by={by} mailed={asked.mail_code} email={email} resistant={asked.phishing_resistant} done={done} />
      </Stack>
      <Lines><TextButton act={leave}>{words.factor.other}</TextButton></Lines>
    </Sheet>
  )
}
