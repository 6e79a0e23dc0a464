// What happens in an application, in the shapes of the Platform API.
import { ChatFunction, FunctionInvocation } from '#resources/function.ts'
import { Job } from '#resources/job.ts'

export const AdminJob = Job.extend({}).meta({ id: 'Job' })
export const AdminFunction = ChatFunction.extend({}).meta({ id: 'Function' })
export const AdminInvocation = FunctionInvocation.extend({}).meta({ id: 'FunctionInvocation' })
