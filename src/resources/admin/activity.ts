// What happens in an application, in the shapes of the Platform API.
import { Job, JobType } from '#resources/job.ts'

export const AdminJob = Job.extend({ type: JobType }).meta({ id: 'Job' })
