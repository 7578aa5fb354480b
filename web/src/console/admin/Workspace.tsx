import { Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconBuilding, IconLink } from '@tabler/icons-react'
import { useState } from 'react'
import { api, sentence, take, type Workspace as WorkspaceData } from '~/api'
import { Card, Failed, Notice, Page, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import styles from './Admin.module.css'
import { Bones, Copy, refuse } from '../forms/parts'
import { words } from './words'

const text = words.workspace

/** What the company is called, and where its staff sign in. */
export function Workspace() {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['workspace'], queryFn: () => take(api.GET('/api/v1/workspace')) })
  return (
    <Page crumbs={[words.title, words.groups.organisation]} title={words.pages.workspace} lead={text.lead}>
      {isPending ? <Card><Bones /></Card>
      : !data ? <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : (
        <>
          <Card icon={<IconBuilding size={20} />} title={text.nameTitle} lead={text.companyHint}><Company data={data} /></Card>
          <Card icon={<IconLink size={20} />} title={text.addressTitle} lead={text.addressLead} control={<Copy text={data.url} />}>
            <p className={styles.code}>{data.url}</p>
          </Card>
        </>
      )}
    </Page>
  )
}

function Company({ data }: { data: WorkspaceData }) {
  const client = useQueryClient()
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { company: data.company } })
  const { mutate, isPending } = useMutation({
    mutationFn: (company: string) => take(api.PATCH('/api/v1/workspace', { body: { company: company.trim() } })),
    onSuccess: (saved) => {
      toast(words.saved)
      setProblem(undefined)
      form.setInitialValues({ company: saved.company })
      form.setValues({ company: saved.company })
      client.setQueryData(['workspace'], saved)
      return client.invalidateQueries({ queryKey: ['me'] })
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['company'])) },
  })
  return (
    <form className={forms.stack} onSubmit={form.onSubmit(({ company }) => { mutate(company) })}>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className={forms.addRow}>
        <TextInput className={forms.grow} label={text.company} required withAsterisk={false} autoComplete="organization" maxLength={100} {...form.getInputProps('company')} />
        <Button type="submit" loading={isPending} disabled={!form.isDirty()}>{words.save}</Button>
      </div>
    </form>
  )
}
