/** Path prefix of the admin API. */
export const adminPrefix = '/admin/v1'
