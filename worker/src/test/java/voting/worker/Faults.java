package voting.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** The real data source of the worker, with one call of it made to do something else first or afterwards. */
class Faults {

    private final DataSource real;

    Faults() {
        this(Stores.worker());
    }

    Faults(DataSource real) {
        this.real = real;
    }

    DataSource dataSource() {
        return wrap(DataSource.class, real, (method, call) -> {
            if (!method.equals("getConnection")) {
                return call.proceed();
            }
            beforeConnection();
            return connection((Connection) call.proceed());
        });
    }

    void beforeConnection() throws SQLException {}

    void beforeStatement(String sql) throws SQLException {}

    void beforeCommit() throws SQLException {}

    void afterCommit() throws SQLException {}

    private Connection connection(Connection real) {
        return wrap(Connection.class, real, (method, call) -> switch (method) {
            case "prepareStatement" -> {
                beforeStatement((String) call.arguments()[0]);
                yield call.proceed();
            }
            case "commit" -> {
                beforeCommit();
                call.proceed();
                afterCommit();
                yield null;
            }
            default -> call.proceed();
        });
    }

    private interface Call {
        Object[] arguments();

        Object proceed() throws Throwable;
    }

    private interface Around {
        Object apply(String method, Call call) throws Throwable;
    }

    private static <T> T wrap(Class<T> type, T real, Around around) {
        return type.cast(Proxy.newProxyInstance(
                Faults.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> around.apply(method.getName(), new Call() {
                    @Override
                    public Object[] arguments() {
                        return arguments;
                    }

                    @Override
                    public Object proceed() throws Throwable {
                        try {
                            return method.invoke(real, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    }
                })));
    }
}
