// What happens in an application, in the shapes of the Platform API.
import { Job } from '#resources/job.ts'

export const AdminJob = Job.extend({}).meta({ id: 'Job' })
